-- Contacts whose customer had an earlier contact within a window, of any and of the same source reason
-- "Earlier" is by (occurred_at, contact_id), so that of two contacts at the same instant one repeats the other.
-- Whether there is any earlier contact in the window is decided by the nearest one.
WITH gaps AS (
    SELECT
        arrow_cast(occurred_at, 'Int64') - lag(arrow_cast(occurred_at, 'Int64')) OVER (
            PARTITION BY customer_key ORDER BY occurred_at, contact_id
        ) AS any_gap,
        CASE WHEN source_reason IS NOT NULL THEN
            arrow_cast(occurred_at, 'Int64') - lag(arrow_cast(occurred_at, 'Int64')) OVER (
                PARTITION BY customer_key, source_reason ORDER BY occurred_at, contact_id
            )
        END AS same_gap
    FROM contacts
    WHERE customer_key IS NOT NULL
),
windows AS (
    SELECT column1 AS window_hours, column1 * 3600000000 AS window_us
    FROM (VALUES (12), (24), (48), (168), (336), (720))
)
SELECT
    window_hours,
    count(any_gap) AS any_reason,
    count(*) FILTER (WHERE same_gap <= window_us) AS same_reason
FROM windows
LEFT JOIN gaps ON any_gap <= window_us
GROUP BY window_hours
ORDER BY window_hours
