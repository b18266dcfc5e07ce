-- How far the chains of each day of roots reached.
SELECT dt, max(last_at) AS last_at FROM chains_before GROUP BY dt
