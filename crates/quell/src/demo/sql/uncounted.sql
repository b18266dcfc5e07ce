-- Gaps in the numbers that the source gives to its records, `C-0000001` and so on: the number before and the
-- number after each.
SELECT number, following
FROM (
    SELECT CAST(substr(record_id, 3) AS BIGINT) AS number,
           lead(CAST(substr(record_id, 3) AS BIGINT)) OVER (ORDER BY record_id) AS following
    FROM contacts
) numbers
WHERE following > number + 1
ORDER BY number
