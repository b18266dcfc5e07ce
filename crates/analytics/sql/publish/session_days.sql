-- Days with sessions.
SELECT DISTINCT dt FROM new_session_rows
