-- Contacts whose record was delivered again with another content.
SELECT record_id, channel, reason FROM contacts WHERE revision > 1 ORDER BY record_id
