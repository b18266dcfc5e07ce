-- The members of chains of two contacts or more, their roots included.
SELECT c.*
FROM (SELECT DISTINCT chain_root FROM every_contact WHERE chain_position > 1) AS l
JOIN every_contact AS c ON c.chain_root = l.chain_root
