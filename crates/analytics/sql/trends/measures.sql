-- The measures of the contacts at hand, by {by}. Sums of money are DECIMAL, which does not wrap: what does not fit
-- 64 bits in the end is an error. Milliseconds fit: a contact has at most ten years of them.
WITH customers AS (
    SELECT {by}, count(customer_key) AS customers
    FROM (SELECT DISTINCT {by}, customer_key FROM at_hand)
    GROUP BY {by}
),
counts AS (
    SELECT
        {by},
        count(*) AS contacts,
        count(*) FILTER (WHERE dumb) AS dumb,
        count(*) FILTER (WHERE repeat) AS repeats,
        count(*) FILTER (WHERE customer_key IS NULL) AS anonymous,
        count(handle_ms) AS handled,
        sum(handle_ms) AS handle_ms,
        count(cost_micros) AS costed,
        sum(CAST(cost_micros AS DECIMAL(19, 0))) AS cost_micros,
        sum(CAST(cost_micros AS DECIMAL(19, 0))) FILTER (WHERE dumb) AS dumb_cost_micros,
        count(*) FILTER (WHERE provisional) AS provisional,
        CASE WHEN count(abandoned) > 0 THEN count(*) FILTER (WHERE abandoned) END AS abandoned,
        sum(transfers) AS transfers
    FROM at_hand
    GROUP BY {by}
)
SELECT
    counts.* EXCEPT (cost_micros, dumb_cost_micros),
    customers.customers,
    customers.customers + counts.anonymous AS net,
    CAST(counts.cost_micros AS BIGINT) AS cost_micros,
    CASE WHEN counts.costed > 0 THEN CAST(coalesce(counts.dumb_cost_micros, 0) AS BIGINT) END AS dumb_cost_micros
FROM customers
JOIN counts USING ({by})
