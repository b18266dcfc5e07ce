-- Contacts by canonical channel and the source's own word for it
SELECT
    channel,
    channel_raw,
    count(*) AS contacts,
    count(*) FILTER (WHERE dumb) AS dumb,
    count(*) FILTER (WHERE repeat) AS repeats,
    count(DISTINCT customer_key) AS customers
FROM contacts
GROUP BY channel, channel_raw
ORDER BY contacts DESC, channel, channel_raw
