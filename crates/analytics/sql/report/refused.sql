-- Refused inputs up to the cut, by why they were refused.
SELECT kind, count(*) AS inputs
FROM rejects
GROUP BY kind
ORDER BY inputs DESC, kind
