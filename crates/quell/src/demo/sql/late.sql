-- When contacts happened and when they were recorded, without those that cannot be late whatever their weekday.
SELECT contacts.record_id,
       CAST(arrow_cast(contacts.occurred_at, 'Timestamp(Microsecond, None)') AS BIGINT) AS occurred_at,
       CAST(arrow_cast(provenance.recorded_at, 'Timestamp(Microsecond, None)') AS BIGINT) AS recorded_at
FROM contacts
JOIN provenance ON provenance.contact_id = contacts.contact_id
WHERE provenance.recorded_at > contacts.occurred_at + INTERVAL '7 days'
ORDER BY contacts.record_id
