-- Contacts that the company could have spared by a word, for it knew of the event before.
SELECT record_id FROM (SELECT record_id, unnest(mechanisms) AS mechanism FROM contacts)
WHERE mechanism = 'preventable_by_notice'
ORDER BY record_id
