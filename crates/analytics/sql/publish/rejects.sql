-- Every refused input as it was refused last: the same input refused again has the same id.
SELECT rejected_on AS dt, *
FROM (
    SELECT *, row_number() OVER (PARTITION BY reject_id ORDER BY "offset" DESC) AS place
    FROM reject_rows
)
WHERE place = 1
ORDER BY dt, reject_id
