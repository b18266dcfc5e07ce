-- The agent's codes against ours, by week: only contacts whose reason was found from the customer's words count, since a
-- reason that was taken from the code agrees with it by force. Kappa is Cohen's (1960) of "has this code" and "has this
-- reason" over all such contacts of the week, in whole numbers until the last division.
WITH coded AS (
    SELECT monday, source_reason, reason, reason_basis IN ('rule', 'model') AS judged
    FROM at_hand
    WHERE source_reason IS NOT NULL
),
of_code AS (
    SELECT monday, source_reason, count(*) AS contacts, count(*) FILTER (WHERE judged) AS judged
    FROM coded
    GROUP BY monday, source_reason
),
pairs AS (
    SELECT monday, source_reason, reason, count(*) AS both_say
    FROM coded
    WHERE judged
    GROUP BY monday, source_reason, reason
),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY monday, source_reason ORDER BY both_say DESC, reason) AS place
    FROM pairs
),
of_reason AS (
    SELECT monday, reason, CAST(sum(both_say) AS BIGINT) AS with_reason FROM pairs GROUP BY monday, reason
),
of_week AS (
    SELECT monday, CAST(sum(both_say) AS BIGINT) AS all_judged FROM pairs GROUP BY monday
),
counted AS (
    SELECT
        c.monday, c.source_reason, c.contacts, c.judged, p.reason,
        coalesce(p.both_say, 0) AS agreed,
        coalesce(r.with_reason, 0) AS with_reason,
        coalesce(w.all_judged, 0) AS all_judged
    FROM of_code AS c
    LEFT JOIN placed AS p ON p.monday = c.monday AND p.source_reason = c.source_reason AND p.place = 1
    LEFT JOIN of_reason AS r ON r.monday = p.monday AND r.reason = p.reason
    LEFT JOIN of_week AS w ON w.monday = c.monday
)
SELECT
    c.monday AS dt,
    w.iso_week,
    w.complete,
    c.source_reason,
    c.contacts,
    c.judged,
    c.reason,
    c.agreed,
    c.with_reason,
    c.all_judged,
    CAST(2 * (c.agreed * c.all_judged - c.judged * c.with_reason) AS DOUBLE)
        / CAST(nullif(c.all_judged * (c.judged + c.with_reason) - 2 * c.judged * c.with_reason, 0) AS DOUBLE) AS kappa
FROM counted AS c
JOIN weeks AS w ON w.monday = c.monday
ORDER BY dt, c.source_reason
