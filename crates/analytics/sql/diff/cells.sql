-- The matrix: what was counted slice by slice, added up.
SELECT
    reason_a,
    reason_b,
    sum(contacts) AS contacts,
    sum(dumb_a) AS dumb_a,
    sum(dumb_b) AS dumb_b,
    sum(dumb_gained) AS dumb_gained,
    sum(dumb_lost) AS dumb_lost,
    sum(costed_a) AS costed_a,
    sum(costed_b) AS costed_b,
    CAST(sum(cost_a_micros) AS BIGINT) AS cost_a_micros,
    CAST(sum(cost_b_micros) AS BIGINT) AS cost_b_micros,
    CASE WHEN sum(costed_a) > 0 THEN CAST(coalesce(sum(dumb_cost_a_micros), 0) AS BIGINT) END AS dumb_cost_a_micros,
    CASE WHEN sum(costed_b) > 0 THEN CAST(coalesce(sum(dumb_cost_b_micros), 0) AS BIGINT) END AS dumb_cost_b_micros,
    sum(chains_changed) AS chains_changed,
    sum(erased) AS erased
FROM counted
GROUP BY reason_a, reason_b
ORDER BY reason_a NULLS LAST, reason_b NULLS LAST
