-- The contacts at hand, each with its week, its owner and its cost. A contact whose channel had no rate on its day
-- has no cost: that is unknown, and not 0.
SELECT
    c.dt,
    k.monday,
    c.contact_id,
    c.customer_key,
    c.channel,
    c.reason,
    coalesce(r.owner, 'unowned') AS owner,
    c.mechanisms,
    c.dumb,
    c.repeat,
    c.chain_root,
    c.occurred_at,
    c.melts_at,
    c.mature_at > $as_of AS provisional,
    c.abandoned,
    c.transfers,
    c.handle_ms,
    contact_cost(p.per_contact_micros, p.per_second_micros, c.handle_ms) AS cost_micros
FROM contacts AS c
JOIN calendar AS k ON k.dt = c.dt
LEFT JOIN reasons AS r ON r.reason = c.reason
LEFT JOIN rates AS p ON p.dt = c.dt AND p.channel = c.channel
