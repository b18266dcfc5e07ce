-- The steps of self-service at which most contacts leaked.
WITH counted AS (
    SELECT path, step, sum(sessions) AS sessions, sum(known) AS known, sum(contacted) AS contacted, sum(leaked) AS leaked
    FROM self_service
    WHERE dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
    GROUP BY path, step
)
SELECT path, step, sessions, known, contacted, leaked
FROM counted
WHERE leaked > 0
ORDER BY leaked DESC, path, step NULLS FIRST
LIMIT 5
