-- Contacts by reason
SELECT
    reason,
    count(*) AS contacts,
    count(*) FILTER (WHERE dumb) AS dumb,
    count(*) FILTER (WHERE repeat) AS repeats,
    count(DISTINCT customer_key) AS customers,
    count(handle_ms) AS handled,
    sum(handle_ms) AS handle_ms
FROM contacts
GROUP BY reason
ORDER BY contacts DESC, reason
