-- The chains of more than one contact with their size. Each has one root, which is no repeat.
SELECT chain_root, count(*) + 1 AS contacts
FROM every_contact
WHERE repeat
GROUP BY chain_root
