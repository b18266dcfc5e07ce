-- Where the roots lie that only a look at every contact finds.
SELECT DISTINCT c.dt
FROM rooted AS r
JOIN contacts AS c ON c.contact_id = r.chain_root
WHERE r.dt IS NULL
