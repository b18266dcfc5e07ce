-- How many rows of contacts lie on each day, superseded ones included: the size of the work by day.
SELECT dt, count(*) AS rows
FROM contact_rows
GROUP BY dt
ORDER BY dt
