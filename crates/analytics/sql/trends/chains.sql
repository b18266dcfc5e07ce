-- Chains from their members. The row of the root gives what is the root's; a chain without it is not listed. First by
-- channel as well, then together: so that channels are counted without holding them.
WITH members AS (
    SELECT *, contact_id = chain_root AS is_root FROM costed
),
of_channel AS (
    SELECT
        chain_root,
        channel,
        max(CASE WHEN is_root THEN dt END) AS dt,
        max(CASE WHEN is_root THEN reason END) AS root_reason,
        max(CASE WHEN is_root THEN channel END) AS root_channel,
        max(CASE WHEN is_root THEN owner END) AS root_owner,
        max(CASE WHEN is_root THEN customer_key END) AS root_customer,
        count(*) AS contacts,
        count(*) FILTER (WHERE NOT is_root) AS repeats,
        min(occurred_at) AS started_at,
        max(occurred_at) AS last_at,
        max(melts_at) AS melts_at,
        count(*) FILTER (WHERE dumb) AS dumb,
        count(handle_ms) AS handled,
        sum(handle_ms) AS handle_ms,
        count(cost_micros) AS costed,
        sum(CAST(cost_micros AS DECIMAL(19, 0))) AS cost_micros
    FROM members
    GROUP BY chain_root, channel
)
SELECT
    max(dt) AS dt,
    chain_root,
    max(root_reason) AS reason,
    max(root_channel) AS channel,
    max(root_owner) AS owner,
    max(root_customer) AS customer_key,
    sum(contacts) AS contacts,
    sum(repeats) AS repeats,
    count(*) AS channels,
    min(started_at) AS started_at,
    max(last_at) AS last_at,
    max(melts_at) AS melts_at,
    max(melts_at) <= $as_of AS melted,
    sum(dumb) AS dumb,
    sum(handled) AS handled,
    sum(handle_ms) AS handle_ms,
    sum(costed) AS costed,
    CAST(sum(cost_micros) AS BIGINT) AS cost_micros
FROM of_channel
GROUP BY chain_root
HAVING max(dt) IS NOT NULL
ORDER BY dt, started_at, chain_root
