-- The pairs at hand by both reasons. Money is summed in DECIMAL, which does not wrap: what does not fit 64 bits in the
-- end is an error.
SELECT
    reason_a,
    reason_b,
    count(*) AS contacts,
    count(*) FILTER (WHERE dumb_a) AS dumb_a,
    count(*) FILTER (WHERE dumb_b) AS dumb_b,
    count(*) FILTER (WHERE NOT dumb_a AND dumb_b) AS dumb_gained,
    count(*) FILTER (WHERE dumb_a AND NOT dumb_b) AS dumb_lost,
    count(cost_a_micros) AS costed_a,
    count(cost_b_micros) AS costed_b,
    sum(CAST(cost_a_micros AS DECIMAL(19, 0))) AS cost_a_micros,
    sum(CAST(cost_b_micros AS DECIMAL(19, 0))) AS cost_b_micros,
    sum(CAST(cost_a_micros AS DECIMAL(19, 0))) FILTER (WHERE dumb_a) AS dumb_cost_a_micros,
    sum(CAST(cost_b_micros AS DECIMAL(19, 0))) FILTER (WHERE dumb_b) AS dumb_cost_b_micros,
    count(*) FILTER (WHERE chain_changed) AS chains_changed,
    count(*) FILTER (WHERE erased) AS erased
FROM pairs
GROUP BY reason_a, reason_b
