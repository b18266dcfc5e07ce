-- What was on record before the contacts that a word from the company could have spared.
WITH proven AS (
    SELECT dt, contact_id, reason, p['mechanism'] AS mechanism, p['rule'] AS rule, p['seconds'] AS seconds
    FROM (SELECT dt, contact_id, reason, unnest(proofs) AS p FROM contacts)
),
of_contact AS (
    SELECT
        dt,
        reason,
        max(
            CASE
                WHEN rule IN ('preventable_by_notice/known', 'broken_promise/overdue', 'public_info/document') THEN seconds
            END
        ) AS lead_s
    FROM proven
    WHERE mechanism IN ('status_chase', 'preventable_by_notice', 'broken_promise') OR rule = 'public_info/document'
    GROUP BY dt, contact_id, reason
),
spared AS (
    SELECT
        dt, reason, count(*) AS contacts, count(lead_s) AS known, max(lead_s) AS lead_max_s,
        array_agg(lead_s) FILTER (WHERE lead_s IS NOT NULL) AS leads
    FROM of_contact
    GROUP BY dt, reason
),
told AS (
    SELECT dt, reason, count(*) AS noticed
    FROM (SELECT dt, reason, unnest(cleared) AS p FROM contacts)
    WHERE p['rule'] = 'preventable_by_notice/noticed'
    GROUP BY dt, reason
)
SELECT
    coalesce(s.dt, t.dt) AS dt,
    coalesce(s.reason, t.reason) AS reason,
    coalesce(s.contacts, 0) AS contacts,
    coalesce(s.known, 0) AS known,
    coalesce(t.noticed, 0) AS noticed,
    CASE WHEN s.known > 0 THEN nearest_rank(s.leads, 50) END AS lead_p50_s,
    s.lead_max_s,
    CASE WHEN s.contacts > 0 THEN CAST(s.known AS DOUBLE) / s.contacts END AS known_rate
FROM spared AS s
FULL JOIN told AS t ON t.dt = s.dt AND t.reason = s.reason
ORDER BY dt, reason
