-- What the company knew before its customers asked. Counts of days add up to those of the week; medians do not, so that
-- one is taken over the week's contacts: the lead of a contact is the longest of its proofs, as in `known_first`.
WITH counted AS (
    SELECT
        coalesce(sum(contacts), 0) AS contacts,
        coalesce(sum(known), 0) AS known,
        coalesce(sum(noticed), 0) AS noticed,
        max(lead_max_s) AS lead_max_s
    FROM known_first
    WHERE dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
),
proven AS (
    SELECT contact_id, p['rule'] AS rule, p['seconds'] AS seconds
    FROM (
        SELECT contact_id, unnest(proofs) AS p
        FROM contacts
        WHERE dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
    )
),
leads AS (
    SELECT max(seconds) AS lead_s
    FROM proven
    WHERE rule IN ('preventable_by_notice/known', 'broken_promise/overdue', 'public_info/document')
    GROUP BY contact_id
),
placed AS (
    SELECT lead_s, row_number() OVER (ORDER BY lead_s) AS place, count(*) OVER () AS leads
    FROM leads
    WHERE lead_s IS NOT NULL
)
SELECT c.contacts, c.known, c.noticed, p.lead_s AS lead_p50_s, c.lead_max_s
FROM counted AS c
LEFT JOIN placed AS p ON p.place = (p.leads + 1) / 2
