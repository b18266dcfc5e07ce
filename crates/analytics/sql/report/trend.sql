-- Up to 13 weeks ending with this one, oldest first, from the first week that has contacts. Every week stands
-- there, also one in which nobody made contact.
WITH weeks AS (
    SELECT column1 AS back, CAST($monday AS DATE) - column2 AS monday
    FROM (VALUES
        (0, INTERVAL '0 days'),
        (1, INTERVAL '7 days'),
        (2, INTERVAL '14 days'),
        (3, INTERVAL '21 days'),
        (4, INTERVAL '28 days'),
        (5, INTERVAL '35 days'),
        (6, INTERVAL '42 days'),
        (7, INTERVAL '49 days'),
        (8, INTERVAL '56 days'),
        (9, INTERVAL '63 days'),
        (10, INTERVAL '70 days'),
        (11, INTERVAL '77 days'),
        (12, INTERVAL '84 days')
    )
),
counted AS (
    SELECT
        dt AS monday,
        bool_and(complete) AS complete,
        sum(contacts) AS contacts,
        sum(dumb) AS dumb,
        sum(cost_micros) AS cost_micros
    FROM reason_weekly
    WHERE dt BETWEEN CAST($monday AS DATE) - INTERVAL '84 days' AND CAST($monday AS DATE)
    GROUP BY dt
),
unit_weeks AS (
    SELECT w.back, sum(u.count) AS units
    FROM weeks AS w
    JOIN units AS u ON u.day BETWEEN w.monday AND w.monday + INTERVAL '6 days'
    JOIN reasons AS r ON r.reason = 'unclassified' AND r.unit = u.unit
    GROUP BY w.back
)
SELECT
    to_char(w.monday, '%G-W%V') AS iso_week,
    w.monday,
    coalesce(c.complete, w.back > 0 OR $complete) AS complete,
    coalesce(c.contacts, 0) AS contacts,
    coalesce(c.dumb, 0) AS dumb,
    u.units,
    c.cost_micros
FROM weeks AS w
LEFT JOIN counted AS c ON c.monday = w.monday
LEFT JOIN unit_weeks AS u ON u.back = w.back
WHERE w.back = 0 OR w.monday >= (SELECT min(dt) FROM reason_weekly)
ORDER BY w.monday
