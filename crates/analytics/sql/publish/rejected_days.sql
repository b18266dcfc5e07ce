-- Days on which rejects may be published otherwise than before the new segments: those of the new rows, and those
-- where the same inputs stood before.
SELECT DISTINCT rejected_on AS dt
FROM reject_rows
WHERE reject_id IN (SELECT reject_id FROM new_reject_rows)
