-- The days of the roots of all chains that have a member on the touched days, now or before. A root that is neither
-- there nor listed as a chain before has null.
WITH members AS (
    SELECT contact_id, chain_root, chain_position, dt FROM touched_now
    UNION ALL
    SELECT contact_id, chain_root, chain_position, dt FROM touched_before
),
roots AS (
    SELECT DISTINCT chain_root FROM members WHERE chain_position > 1
),
known AS (
    SELECT contact_id, dt FROM members
    UNION
    SELECT chain_root AS contact_id, dt FROM chains_before
)
SELECT r.chain_root, k.dt
FROM roots AS r
LEFT JOIN known AS k ON k.contact_id = r.chain_root
