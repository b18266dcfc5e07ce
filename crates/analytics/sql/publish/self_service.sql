-- Sessions of self-service by day, path and step. Of a session what was said last counts.
WITH last_judged AS (
    SELECT fact_id, max(judged) AS judged FROM session_rows GROUP BY fact_id
),
sessions AS (
    SELECT s.*
    FROM last_judged AS l
    JOIN session_rows AS s ON s.fact_id = l.fact_id AND s.judged = l.judged
),
of_day AS (
    SELECT dt, sum(contacts) AS contacts FROM contacts_by_day GROUP BY dt
),
counted AS (
    SELECT
        dt,
        path,
        step,
        count(*) AS sessions,
        count(*) FILTER (WHERE outcome = 'completed') AS completed,
        count(*) FILTER (WHERE outcome IN ('abandoned', 'failed', 'handed_over')) AS failed,
        count(customer_key) AS known,
        count(contact_id) AS contacted,
        count(leak_contact_id) AS leaked
    FROM sessions
    GROUP BY dt, path, step
)
SELECT
    c.*,
    coalesce(d.contacts, 0) AS contacts,
    CASE WHEN c.known > 0 THEN CAST(c.known - c.contacted AS DOUBLE) / c.known END AS containment,
    CASE WHEN c.known > 0 THEN CAST(c.leaked AS DOUBLE) / c.known END AS leak_rate,
    CASE WHEN d.contacts > 0 THEN CAST(c.leaked AS DOUBLE) / d.contacts END AS leak_share
FROM counted AS c
LEFT JOIN of_day AS d ON d.dt = c.dt
ORDER BY c.dt, c.path, c.step NULLS FIRST
