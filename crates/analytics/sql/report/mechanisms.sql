-- The week's avoidable contacts by what proves it; a contact counts under each of its mechanisms.
WITH now AS (
    SELECT mechanism, sum(contacts) AS contacts, sum(cost_micros) AS cost_micros
    FROM mechanism_daily
    WHERE dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
    GROUP BY mechanism
),
before AS (
    SELECT mechanism, sum(contacts) AS contacts
    FROM mechanism_daily
    WHERE dt BETWEEN CAST($monday AS DATE) - INTERVAL '7 days' AND CAST($monday AS DATE) - INTERVAL '1 day'
    GROUP BY mechanism
)
SELECT
    n.mechanism,
    n.contacts,
    coalesce(b.contacts, 0) AS contacts_before,
    n.cost_micros
FROM now AS n
LEFT JOIN before AS b ON b.mechanism = n.mechanism
ORDER BY n.contacts DESC, n.mechanism
