-- Contacts that come from a session of self-service that failed.
SELECT record_id FROM (SELECT record_id, unnest(mechanisms) AS mechanism FROM contacts)
WHERE mechanism = 'self_service_failed'
ORDER BY record_id
