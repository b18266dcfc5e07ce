-- The reason that the cut has for each of the wanted contacts; those that it does not have are left out.
SELECT c.contact_id, c.reason
FROM wanted AS w
JOIN contacts AS c ON c.contact_id = w.contact_id
ORDER BY c.contact_id
