-- Contacts by hour of UTC, which begins when an hour of the company's zone does.
SELECT CAST(arrow_cast(date_trunc('hour', occurred_at), 'Timestamp(Microsecond, None)') AS BIGINT) AS hour,
       count(*) AS contacts
FROM contacts
GROUP BY 1
ORDER BY 1
