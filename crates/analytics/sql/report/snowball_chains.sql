-- The largest chains with a contact in the week.
WITH rolling AS (
    SELECT DISTINCT chain_root
    FROM contacts
    WHERE dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
),
last AS (
    SELECT c.chain_root, max(c.dt) AS last_on
    FROM contacts AS c
    JOIN rolling ON rolling.chain_root = c.chain_root
    GROUP BY c.chain_root
)
SELECT
    c.chain_root,
    c.reason,
    r.label_es,
    r.label_en,
    c.contacts,
    c.channels,
    c.dt AS started_on,
    l.last_on,
    c.melted,
    c.cost_micros
FROM chains AS c
JOIN last AS l ON l.chain_root = c.chain_root
LEFT JOIN reasons AS r ON r.reason = c.reason
ORDER BY c.contacts DESC, c.started_at, c.chain_root
LIMIT 5
