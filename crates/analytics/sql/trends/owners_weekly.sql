-- The taxonomy's unit is the one of `unclassified`, which no file gives a unit of its own.
WITH of_owner AS (
    SELECT monday, owner, count(*) AS reasons
    FROM (SELECT DISTINCT monday, owner, reason FROM at_hand)
    GROUP BY monday, owner
),
taxonomy AS (
    SELECT max(unit) AS unit FROM reasons WHERE reason = 'unclassified'
)
SELECT
    m.monday AS dt,
    w.iso_week,
    w.complete,
    o.reasons,
    m.* EXCEPT (monday),
    t.unit,
    u.units,
    coalesce(u.unit_days, 0) AS unit_days,
    cpx(m.contacts, u.units) AS cpx
FROM measures_by_week_and_owner AS m
JOIN of_owner AS o ON o.monday = m.monday AND o.owner = m.owner
JOIN weeks AS w ON w.monday = m.monday
CROSS JOIN taxonomy AS t
LEFT JOIN unit_weeks AS u ON u.monday = m.monday AND u.unit = t.unit
ORDER BY dt, m.owner
