-- Contacts by ISO week
SELECT
    iso_week,
    count(*) AS contacts,
    count(*) FILTER (WHERE dumb) AS dumb,
    count(*) FILTER (WHERE repeat) AS repeats,
    count(DISTINCT customer_key) AS customers
FROM contacts
GROUP BY iso_week
ORDER BY iso_week
