WITH times AS (
    SELECT monday, reason, array_agg(handle_ms) AS handle_ms
    FROM at_hand
    WHERE handle_ms IS NOT NULL
    GROUP BY monday, reason
)
SELECT
    m.monday AS dt,
    w.iso_week,
    w.complete,
    m.* EXCEPT (monday),
    nearest_rank(t.handle_ms, 50) AS handle_p50_ms,
    nearest_rank(t.handle_ms, 95) AS handle_p95_ms,
    r.unit,
    u.units,
    coalesce(u.unit_days, 0) AS unit_days,
    cpx(m.contacts, u.units) AS cpx,
    cpx(m.net, u.units) AS cpx_net
FROM measures_by_week_and_reason AS m
JOIN weeks AS w ON w.monday = m.monday
LEFT JOIN times AS t ON t.monday = m.monday AND t.reason = m.reason
LEFT JOIN reasons AS r ON r.reason = m.reason
LEFT JOIN unit_weeks AS u ON u.monday = m.monday AND u.unit = r.unit
ORDER BY dt, m.reason
