-- The reasons with most contacts that a word from the company could have spared.
WITH counted AS (
    SELECT reason, sum(contacts) AS contacts, sum(known) AS known
    FROM known_first
    WHERE dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
    GROUP BY reason
)
SELECT c.reason, r.label_es, r.label_en, c.contacts, c.known
FROM counted AS c
LEFT JOIN reasons AS r ON r.reason = c.reason
WHERE c.contacts > 0
ORDER BY c.contacts DESC, c.reason
LIMIT 3
