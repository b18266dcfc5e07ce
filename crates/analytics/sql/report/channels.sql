-- The week's contacts by channel.
WITH now AS (
    SELECT channel, sum(contacts) AS contacts, sum(dumb) AS dumb, sum(cost_micros) AS cost_micros
    FROM channel_daily
    WHERE dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
    GROUP BY channel
),
before AS (
    SELECT channel, sum(contacts) AS contacts
    FROM channel_daily
    WHERE dt BETWEEN CAST($monday AS DATE) - INTERVAL '7 days' AND CAST($monday AS DATE) - INTERVAL '1 day'
    GROUP BY channel
)
SELECT
    n.channel,
    n.contacts,
    coalesce(b.contacts, 0) AS contacts_before,
    n.dumb,
    n.cost_micros
FROM now AS n
LEFT JOIN before AS b ON b.channel = n.channel
ORDER BY n.contacts DESC, n.channel
