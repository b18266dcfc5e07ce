-- Days on which something may be published otherwise than before the new segments: those of the new rows
-- themselves, and those of the older rows of contacts that were said anew, because a contact that moved to
-- another day leaves the day where it stood.
SELECT dt FROM contact_rows WHERE contact_id IN (SELECT contact_id FROM new_contact_rows)
UNION
SELECT dt FROM new_verdict_rows
