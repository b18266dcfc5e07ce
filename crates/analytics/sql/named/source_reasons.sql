-- Contacts by the source's own reason; a contact with several counts under each
-- A source with a single code gives no list; then the code is the list.
WITH given AS (
    SELECT
        unnest(CASE WHEN cardinality(source_reasons) > 0 THEN source_reasons ELSE make_array(source_reason) END)
            AS source_reason,
        dumb,
        repeat
    FROM contacts
)
SELECT
    source_reason,
    count(*) AS contacts,
    count(*) FILTER (WHERE dumb) AS dumb,
    count(*) FILTER (WHERE repeat) AS repeats
FROM given
GROUP BY source_reason
ORDER BY contacts DESC, source_reason
