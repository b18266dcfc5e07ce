-- Contacts by day and reason.
SELECT dt, reason, contacts FROM reason_daily ORDER BY dt, reason
