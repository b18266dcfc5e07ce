-- The week's repeats by the reason of their chain's root: where snowballs begin. A chain with a repeat in the
-- week has a row in `chains`, on the day of its root. The cost is that of the repeats.
WITH repeats AS (
    SELECT chain_root, channel, dt, handle_ms
    FROM contacts
    WHERE repeat AND dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
),
rates AS (
    SELECT
        channel,
        valid_from,
        lead(valid_from) OVER (PARTITION BY channel ORDER BY valid_from) AS until,
        per_contact_micros,
        per_second_micros
    FROM costs
),
costed AS (
    SELECT
        t.chain_root,
        p.per_contact_micros + (p.per_second_micros * coalesce(t.handle_ms, 0) + 500) / 1000 AS cost_micros
    FROM repeats AS t
    LEFT JOIN rates AS p
        ON p.channel = t.channel AND p.valid_from <= t.dt AND (p.until IS NULL OR t.dt < p.until)
)
SELECT
    c.reason,
    r.label_es,
    r.label_en,
    count(*) AS repeats,
    count(DISTINCT c.chain_root) AS chains,
    sum(t.cost_micros) AS cost_micros
FROM costed AS t
JOIN chains AS c ON c.chain_root = t.chain_root
LEFT JOIN reasons AS r ON r.reason = c.reason
GROUP BY c.reason, r.label_es, r.label_en
ORDER BY repeats DESC, c.reason
LIMIT 8
