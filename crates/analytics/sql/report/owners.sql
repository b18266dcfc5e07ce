-- The areas where causes lie, by what they were charged.
WITH before AS (
    SELECT owner, contacts, cost_micros
    FROM owners_weekly
    WHERE dt = CAST($monday AS DATE) - INTERVAL '7 days'
)
SELECT
    w.owner,
    o.label_es,
    o.label_en,
    w.reasons,
    w.contacts,
    coalesce(b.contacts, 0) AS contacts_before,
    w.dumb,
    w.repeats,
    w.costed,
    w.cost_micros,
    b.cost_micros AS cost_micros_before
FROM owners_weekly AS w
LEFT JOIN before AS b ON b.owner = w.owner
LEFT JOIN owners AS o ON o.owner = w.owner
WHERE w.dt = CAST($monday AS DATE)
ORDER BY w.cost_micros DESC NULLS LAST, w.contacts DESC, w.owner
