-- Each week against the one before. A reason that only one of the two has counts 0 in the other. `weeks` ends with
-- the last week that has contacts, and its first week has nothing before it to be compared with.
WITH counted AS (
    SELECT dt AS monday, reason, contacts, 0 AS contacts_before FROM reason_weekly
    UNION ALL
    SELECT w.monday, r.reason, 0 AS contacts, r.contacts AS contacts_before
    FROM weeks AS w
    JOIN reason_weekly AS r ON r.dt = w.before
),
changes AS (
    SELECT
        monday,
        reason,
        sum(contacts) AS contacts,
        sum(contacts_before) AS contacts_before,
        sum(contacts) - sum(contacts_before) AS change
    FROM counted
    GROUP BY monday, reason
)
SELECT
    c.monday AS dt,
    w.iso_week,
    w.complete,
    c.reason,
    c.contacts,
    c.contacts_before,
    c.change,
    r.unit,
    u.units,
    b.units AS units_before,
    growth_effect(c.contacts_before, u.units, b.units) AS growth_effect,
    c.change - growth_effect(c.contacts_before, u.units, b.units) AS rate_effect
FROM changes AS c
JOIN weeks AS w ON w.monday = c.monday AND NOT w.is_first
LEFT JOIN reasons AS r ON r.reason = c.reason
LEFT JOIN unit_weeks AS u ON u.monday = w.monday AND u.unit = r.unit
LEFT JOIN unit_weeks AS b ON b.monday = w.before AND b.unit = r.unit
ORDER BY dt, c.reason
