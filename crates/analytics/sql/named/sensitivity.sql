-- Repeats by ISO week with windows of 7, 14 and 30 days, whatever the setting
WITH counted AS (
    SELECT
        iso_week,
        count(*) AS contacts,
        count(*) FILTER (WHERE repeat_7d) AS repeats_7d,
        count(*) FILTER (WHERE repeat_14d) AS repeats_14d,
        count(*) FILTER (WHERE repeat_30d) AS repeats_30d
    FROM contacts
    GROUP BY iso_week
)
SELECT
    counted.*,
    CAST(repeats_7d AS DOUBLE) / contacts AS share_7d,
    CAST(repeats_14d AS DOUBLE) / contacts AS share_14d,
    CAST(repeats_30d AS DOUBLE) / contacts AS share_30d
FROM counted
ORDER BY iso_week
