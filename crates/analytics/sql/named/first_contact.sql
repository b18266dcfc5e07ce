-- First-contact resolution by ISO week and by what counts as resolved
-- Only mature contacts are counted as resolved: one that is too young may still be followed by another.
WITH first_contacts AS (
    SELECT iso_week, 1 AS place, '7d' AS variant, NOT again_7d AS resolved,
        occurred_at + INTERVAL '7 days' > $as_of AS provisional
    FROM contacts
    WHERE NOT repeat_7d
    UNION ALL
    SELECT iso_week, 2, '14d', NOT again_14d, occurred_at + INTERVAL '14 days' > $as_of
    FROM contacts
    WHERE NOT repeat_14d
    UNION ALL
    SELECT iso_week, 3, '30d', NOT again_30d, occurred_at + INTERVAL '30 days' > $as_of
    FROM contacts
    WHERE NOT repeat_30d
    UNION ALL
    SELECT iso_week, 4, 'no_reply', answered_once, mature_at > $as_of
    FROM contacts
    WHERE answered_once IS NOT NULL
),
counted AS (
    SELECT
        iso_week,
        place,
        variant,
        count(*) AS first_contacts,
        count(*) FILTER (WHERE provisional) AS provisional,
        count(*) FILTER (WHERE resolved AND NOT provisional) AS resolved
    FROM first_contacts
    GROUP BY iso_week, place, variant
)
SELECT
    iso_week,
    variant,
    first_contacts,
    provisional,
    resolved,
    CASE WHEN first_contacts > provisional THEN CAST(resolved AS DOUBLE) / (first_contacts - provisional) END AS rate
FROM counted
ORDER BY iso_week, place
