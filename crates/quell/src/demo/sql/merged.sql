-- Contacts of customers who are known by more than one kind of identifier. The company knows each customer by
-- one, so these turned out to be one.
SELECT contacts.chain_root, contacts.record_id
FROM contacts
JOIN (
    SELECT customer_key FROM contacts WHERE customer_key IS NOT NULL
    GROUP BY customer_key HAVING count(DISTINCT customer_strength) > 1
) double ON double.customer_key = contacts.customer_key
ORDER BY contacts.chain_root, contacts.record_id
