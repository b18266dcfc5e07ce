-- The week's sessions of self-service and what followed them.
SELECT
    coalesce(sum(sessions), 0) AS sessions,
    coalesce(sum(known), 0) AS known,
    coalesce(sum(contacted), 0) AS contacted,
    coalesce(sum(leaked), 0) AS leaked
FROM self_service
WHERE dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
