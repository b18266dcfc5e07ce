-- Refused inputs by kind.
SELECT kind, count(*) AS inputs FROM rejects GROUP BY kind ORDER BY kind
