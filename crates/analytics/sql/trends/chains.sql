-- Chains of two contacts or more whose root is at hand, together with all of their members.
WITH listed AS (
    SELECT DISTINCT chain_root FROM costed WHERE contact_id <> chain_root
),
of_channel AS (
    SELECT
        c.chain_root,
        c.channel,
        count(*) AS contacts,
        count(*) FILTER (WHERE c.contact_id <> c.chain_root) AS repeats,
        min(c.occurred_at) AS started_at,
        max(c.occurred_at) AS last_at,
        max(c.melts_at) AS melts_at,
        count(*) FILTER (WHERE c.dumb) AS dumb,
        count(c.handle_ms) AS handled,
        sum(c.handle_ms) AS handle_ms,
        count(c.cost_micros) AS costed,
        sum(CAST(c.cost_micros AS DECIMAL(19, 0))) AS cost_micros
    FROM listed AS l
    JOIN costed AS c ON c.chain_root = l.chain_root
    GROUP BY c.chain_root, c.channel
),
of_chain AS (
    SELECT
        chain_root,
        sum(contacts) AS contacts,
        sum(repeats) AS repeats,
        count(*) AS channels,
        min(started_at) AS started_at,
        max(last_at) AS last_at,
        max(melts_at) AS melts_at,
        sum(dumb) AS dumb,
        sum(handled) AS handled,
        sum(handle_ms) AS handle_ms,
        sum(costed) AS costed,
        CAST(sum(cost_micros) AS BIGINT) AS cost_micros
    FROM of_channel
    GROUP BY chain_root
)
SELECT
    r.dt,
    r.reason,
    r.channel,
    r.owner,
    r.customer_key,
    h.melts_at <= $as_of AS melted,
    h.*
FROM of_chain AS h
JOIN costed AS r ON r.contact_id = h.chain_root AND r.chain_root = h.chain_root
ORDER BY r.dt, h.started_at, h.chain_root
