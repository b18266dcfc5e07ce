-- Contacts by day
SELECT
    dt,
    count(*) AS contacts,
    count(*) FILTER (WHERE dumb) AS dumb,
    count(*) FILTER (WHERE repeat) AS repeats,
    count(DISTINCT customer_key) AS customers
FROM contacts
GROUP BY dt
ORDER BY dt
