-- The contacts at hand, each with its week, its owner and its cost. A contact whose channel had no rate on its day
-- has no cost: that is unknown, and not 0. The narrow side of each join stands first, so that contacts stream past it.
WITH of_week AS (
    SELECT c.*, k.monday
    FROM calendar AS k
    JOIN contacts AS c ON c.dt = k.dt
),
of_owner AS (
    SELECT c.*, coalesce(r.owner, 'unowned') AS owner
    FROM reasons AS r
    RIGHT JOIN of_week AS c ON c.reason = r.reason
)
SELECT
    c.* EXCEPT (mature_at),
    c.mature_at > $as_of AS provisional,
    contact_cost(p.per_contact_micros, p.per_second_micros, c.handle_ms) AS cost_micros
FROM rates AS p
RIGHT JOIN of_owner AS c ON c.dt = p.dt AND c.channel = p.channel
