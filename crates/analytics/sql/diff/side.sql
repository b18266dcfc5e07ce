-- The contacts of epoch {side} whose ids lie in [$from, $to), each with its cost and the size of its chain. The narrow
-- side of each join stands first, so that contacts stream past it.
WITH slice AS (
    SELECT contact_id, dt, channel, handle_ms, reason, reason_basis, rule_id, confidence_ppm, dumb, chain_root
    FROM contacts_{side}
    WHERE contact_id >= $from AND contact_id < $to
),
chained AS (
    SELECT c.*, coalesce(s.contacts, 1) AS chain_contacts
    FROM chains_{side} AS s
    RIGHT JOIN slice AS c ON c.chain_root = s.chain_root
)
SELECT
    c.contact_id,
    c.reason,
    c.reason_basis,
    c.rule_id,
    c.confidence_ppm,
    c.dumb,
    c.chain_root,
    c.chain_contacts,
    contact_cost(p.per_contact_micros, p.per_second_micros, c.handle_ms) AS cost_micros
FROM rates_{side} AS p
RIGHT JOIN chained AS c ON c.dt = p.dt AND c.channel = p.channel
