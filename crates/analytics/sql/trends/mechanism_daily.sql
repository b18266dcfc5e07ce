-- A contact counts under each of its mechanisms.
WITH proven AS (
    SELECT dt, unnest(mechanisms) AS mechanism, customer_key, repeat, cost_micros FROM at_hand
)
SELECT
    dt,
    mechanism,
    count(*) AS contacts,
    count(*) FILTER (WHERE repeat) AS repeats,
    count(DISTINCT customer_key) AS customers,
    count(cost_micros) AS costed,
    CAST(sum(CAST(cost_micros AS DECIMAL(19, 0))) AS BIGINT) AS cost_micros
FROM proven
GROUP BY dt, mechanism
ORDER BY dt, mechanism
