-- events of the peers' work: one row a contact. The text is left out: published tables never hold it.
WITH flagged AS (
  SELECT *, handle_ms / 1000 AS handle_seconds,
         coalesce(occurred_at <= lag(occurred_at) OVER (PARTITION BY customer_key, reason ORDER BY occurred_at, contact_id)
           + INTERVAL '7 days', false) AND reason <> 'unclassified' AS again
  FROM contacts
)
SELECT CAST(f.dt AS VARCHAR) AS day, f.record_id AS contact_id, f.occurred_at, f.customer_key AS customer_id, f.channel, f.language,
       f.products[1] AS product, f.handle_seconds AS agent_handle_seconds, f.resolved, f.orders[1] AS order_ref,
       f.reason, coalesce(f.rule_id, '') AS rule_id, f.again AS repeat, CAST(r.status_chaser AS BOOLEAN) AS status_chaser,
       CAST(r.dumb AS BOOLEAN) OR f.again AS dumb, c.base_micro + c.per_second_micro * f.handle_seconds AS cost_micro
FROM flagged f JOIN reason_facts r ON r.reason = f.reason JOIN channel_costs c ON c.channel = f.channel
