-- Each contact once, as both epochs have it. What one of them does not have is null on its side.
SELECT
    coalesce(a.contact_id, b.contact_id) AS contact_id,
    a.reason AS reason_a,
    b.reason AS reason_b,
    a.reason_basis AS basis_a,
    b.reason_basis AS basis_b,
    a.rule_id AS rule_a,
    b.rule_id AS rule_b,
    a.confidence_ppm AS confidence_a_ppm,
    b.confidence_ppm AS confidence_b_ppm,
    a.dumb AS dumb_a,
    b.dumb AS dumb_b,
    a.cost_micros AS cost_a_micros,
    b.cost_micros AS cost_b_micros,
    coalesce(a.chain_root <> b.chain_root OR a.chain_contacts <> b.chain_contacts, false) AS chain_changed,
    coalesce(a.reason_basis = 'erased', false) OR coalesce(b.reason_basis = 'erased', false) AS erased
FROM side_a AS a
FULL JOIN side_b AS b ON b.contact_id = a.contact_id
