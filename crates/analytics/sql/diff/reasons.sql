-- The reasons of both taxonomies.
SELECT
    coalesce(a.reason, b.reason) AS reason,
    a.reason IS NOT NULL AS in_a,
    b.reason IS NOT NULL AS in_b,
    a.label_es AS label_es_a,
    a.label_en AS label_en_a,
    b.label_es AS label_es_b,
    b.label_en AS label_en_b,
    a.owner AS owner_a,
    b.owner AS owner_b
FROM reasons_a AS a
FULL JOIN reasons_b AS b ON b.reason = a.reason
ORDER BY coalesce(a.reason, b.reason)
