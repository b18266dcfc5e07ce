-- Chains of three contacts and more. Everyday customers come back once at most.
SELECT root.record_id, chains.contacts
FROM chains
JOIN contacts root ON root.contact_id = chains.chain_root
WHERE chains.contacts >= 3
ORDER BY root.record_id
