-- What is counted by day and by week, of each contact: read once and held.
SELECT
    dt, monday, customer_key, channel, reason, reason_basis, source_reason, owner, mechanisms, dumb, repeat, provisional, abandoned, transfers,
    handle_ms, cost_micros
FROM costed
