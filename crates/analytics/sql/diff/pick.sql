-- The least $most ids of each cell among the rows at hand.
SELECT
    reason_a,
    reason_b,
    nth AS place,
    contact_id,
    basis_a,
    basis_b,
    rule_a,
    rule_b,
    confidence_a_ppm,
    confidence_b_ppm
FROM (
    SELECT *, CAST(row_number() OVER (PARTITION BY reason_a, reason_b ORDER BY contact_id) AS BIGINT) AS nth
    FROM {rows}
)
WHERE nth <= $most
