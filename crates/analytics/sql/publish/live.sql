-- The contacts that are published on the days from $from to $to: those whose newest row lies there and is not
-- gone. The newest is looked for among all rows of a contact, wherever they lie; only such contacts are looked
-- at as have a row on these days. `twice` = another row claims to be the newest as well.
WITH last_said AS (
    SELECT
        contact_id,
        max(CASE WHEN dt BETWEEN $from AND $to AND NOT gone THEN sequence END) AS here,
        max(CASE WHEN dt BETWEEN $from AND $to AND NOT gone THEN NULL ELSE sequence END) AS otherwise
    FROM contact_rows
    WHERE contact_id IN (SELECT contact_id FROM contact_rows WHERE dt BETWEEN $from AND $to)
    GROUP BY contact_id
)
SELECT contact_id, here AS sequence, coalesce(otherwise = here, false) AS twice
FROM last_said
WHERE here IS NOT NULL AND (otherwise IS NULL OR here >= otherwise)
