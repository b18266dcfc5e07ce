-- The source's own reasons by month and the attribute `sector`; a contact with several counts once for each
-- A source with a single code gives no list; then the code is the list.
SELECT
    substr(arrow_cast(dt, 'Utf8'), 1, 7) AS month,
    attributes['sector'] AS sector,
    sum(CASE
        WHEN cardinality(source_reasons) > 0 THEN arrow_cast(cardinality(source_reasons), 'Int64')
        WHEN source_reason IS NOT NULL THEN 1
        ELSE 0
    END) AS source_reasons,
    count(*) AS contacts
FROM contacts
GROUP BY month, sector
ORDER BY month, sector
