-- What to know before trusting the week: what was not understood, who is unknown, what costs are missing, and what
-- was recorded more than seven days after the week's end ($late_from, exclusive).
WITH week AS (
    SELECT contact_id, reason, customer_key
    FROM contacts
    WHERE dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
),
counted AS (
    SELECT
        count(*) AS contacts,
        coalesce(sum(CASE WHEN w.reason = 'unclassified' THEN 1 ELSE 0 END), 0) AS unclassified,
        coalesce(sum(CASE WHEN w.customer_key IS NULL THEN 1 ELSE 0 END), 0) AS anonymous,
        coalesce(sum(CASE WHEN coalesce(r.owner, 'unowned') = 'unowned' THEN 1 ELSE 0 END), 0) AS unowned
    FROM week AS w
    LEFT JOIN reasons AS r ON r.reason = w.reason
),
late AS (
    SELECT count(*) AS late
    FROM week AS w
    JOIN provenance AS p ON p.contact_id = w.contact_id
    WHERE p.dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
      AND p.recorded_at > $late_from
),
costed AS (
    SELECT coalesce(sum(contacts - costed), 0) AS not_costed
    FROM reason_weekly
    WHERE dt = CAST($monday AS DATE)
)
SELECT c.contacts, c.unclassified, c.anonymous, k.not_costed, l.late, c.unowned
FROM counted AS c
CROSS JOIN late AS l
CROSS JOIN costed AS k
