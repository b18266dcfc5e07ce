-- Percentiles are by nearest rank: the least handle time up to which at least so many of the contacts lie. Equal
-- times are counted together first, so that no order among them is needed.
WITH times AS (
    SELECT monday, reason, handle_ms, count(*) AS contacts
    FROM costed
    WHERE handle_ms IS NOT NULL
    GROUP BY monday, reason, handle_ms
),
ranks AS (
    SELECT
        monday,
        reason,
        handle_ms,
        sum(contacts) OVER (PARTITION BY monday, reason ORDER BY handle_ms) AS up_to,
        sum(contacts) OVER (PARTITION BY monday, reason) AS handled
    FROM times
),
percentiles AS (
    SELECT
        monday,
        reason,
        min(handle_ms) FILTER (WHERE 100 * up_to >= 50 * handled) AS handle_p50_ms,
        min(handle_ms) FILTER (WHERE 100 * up_to >= 95 * handled) AS handle_p95_ms
    FROM ranks
    GROUP BY monday, reason
)
SELECT
    m.monday AS dt,
    w.iso_week,
    w.complete,
    m.* EXCEPT (monday),
    p.handle_p50_ms,
    p.handle_p95_ms,
    r.unit,
    u.units,
    coalesce(u.unit_days, 0) AS unit_days,
    cpx(m.contacts, u.units) AS cpx,
    cpx(m.net, u.units) AS cpx_net
FROM measures_by_week_and_reason AS m
JOIN weeks AS w ON w.monday = m.monday
LEFT JOIN percentiles AS p ON p.monday = m.monday AND p.reason = m.reason
LEFT JOIN reasons AS r ON r.reason = m.reason
LEFT JOIN unit_weeks AS u ON u.monday = m.monday AND u.unit = r.unit
ORDER BY dt, m.reason
