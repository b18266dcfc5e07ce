-- The five reasons whose rate rose most and the five whose rate fell most; where there are no units to tell rate
-- from growth, by the change itself.
WITH moved AS (
    SELECT m.*, coalesce(m.rate_effect, m.change) AS weight
    FROM movers_weekly AS m
    WHERE m.dt = CAST($monday AS DATE)
),
ranked AS (
    SELECT
        *,
        row_number() OVER (ORDER BY weight DESC, reason) AS from_top,
        row_number() OVER (ORDER BY weight, reason) AS from_bottom
    FROM moved
)
SELECT
    m.reason,
    r.label_es,
    r.label_en,
    o.label_es AS owner_label_es,
    o.label_en AS owner_label_en,
    m.unit,
    m.contacts,
    m.contacts_before,
    m.change,
    m.growth_effect,
    m.rate_effect
FROM ranked AS m
LEFT JOIN reasons AS r ON r.reason = m.reason
LEFT JOIN owners AS o ON o.owner = coalesce(r.owner, 'unowned')
WHERE m.weight > 0 AND m.from_top <= 5 OR m.weight < 0 AND m.from_bottom <= 5
ORDER BY m.weight DESC, m.reason
