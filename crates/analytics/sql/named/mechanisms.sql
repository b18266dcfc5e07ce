-- Avoidable contacts by proven mechanism; a contact counts under each of its mechanisms
SELECT mechanism, count(*) AS contacts
FROM (SELECT unnest(mechanisms) AS mechanism FROM contacts)
GROUP BY mechanism
ORDER BY contacts DESC, mechanism
