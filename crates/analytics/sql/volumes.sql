-- How many contacts each reason had in the last whole weeks in which there were any; a row for every reason that a
-- contact can have.
WITH recent AS (
    SELECT dt
    FROM (
        SELECT dt, row_number() OVER (ORDER BY dt DESC) AS place
        FROM (SELECT DISTINCT dt FROM reason_weekly WHERE complete)
    )
    WHERE place <= $weeks
),
counted AS (
    SELECT reason_weekly.reason, sum(reason_weekly.contacts) AS contacts
    FROM reason_weekly
    JOIN recent ON recent.dt = reason_weekly.dt
    GROUP BY reason_weekly.reason
)
SELECT reasons.reason, coalesce(counted.contacts, 0) AS contacts, many.weeks
FROM reasons
LEFT JOIN counted ON counted.reason = reasons.reason
CROSS JOIN (SELECT count(*) AS weeks FROM recent) AS many
ORDER BY reasons.reason
