-- Every reason of the week by its contacts, with the running total. `vital` = in the shortest run from the top
-- that holds 80 % of all contacts.
WITH now AS (
    SELECT * FROM reason_weekly WHERE dt = CAST($monday AS DATE)
),
before AS (
    SELECT reason, contacts
    FROM reason_weekly
    WHERE dt = CAST($monday AS DATE) - INTERVAL '7 days'
),
running AS (
    SELECT
        *,
        sum(contacts) OVER (ORDER BY contacts DESC, reason ROWS UNBOUNDED PRECEDING) AS cumulative,
        sum(contacts) OVER () AS total
    FROM now
)
SELECT
    w.reason,
    r.label_es,
    r.label_en,
    coalesce(r.owner, 'unowned') AS owner,
    o.label_es AS owner_label_es,
    o.label_en AS owner_label_en,
    r.disposition,
    w.contacts,
    w.cumulative,
    w.total,
    10 * (w.cumulative - w.contacts) < 8 * w.total AS vital,
    w.dumb,
    w.repeats,
    w.unit,
    w.cpx,
    w.cost_micros,
    coalesce(b.contacts, 0) AS contacts_before
FROM running AS w
LEFT JOIN before AS b ON b.reason = w.reason
LEFT JOIN reasons AS r ON r.reason = w.reason
LEFT JOIN owners AS o ON o.owner = coalesce(r.owner, 'unowned')
ORDER BY w.contacts DESC, w.reason
