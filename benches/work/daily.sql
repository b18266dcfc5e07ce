-- daily.parquet of the peers' work: per day, reason and channel. Percentiles are exact, nearest rank.
WITH flagged AS (
  SELECT dt, reason, channel, customer_key, handle_ms / 1000 AS handle_seconds,
         coalesce(occurred_at <= lag(occurred_at) OVER (PARTITION BY customer_key, reason ORDER BY occurred_at, contact_id)
           + INTERVAL '7 days', false) AND reason <> 'unclassified' AS again
  FROM contacts
),
costed AS (
  SELECT f.*, CAST(r.dumb AS BOOLEAN) OR f.again AS is_dumb, CAST(r.status_chaser AS BOOLEAN) AS status_chaser,
         c.base_micro + c.per_second_micro * f.handle_seconds AS cost_micro,
         row_number() OVER (PARTITION BY dt, f.reason, f.channel ORDER BY handle_seconds) AS place,
         count(*) OVER (PARTITION BY dt, f.reason, f.channel) AS places
  FROM flagged f JOIN reason_facts r ON r.reason = f.reason JOIN channel_costs c ON c.channel = f.channel
)
SELECT CAST(dt AS VARCHAR) AS day, reason, channel, count(*) AS contacts,
       sum(CASE WHEN is_dumb THEN 1 ELSE 0 END) AS dumb,
       sum(CASE WHEN again THEN 1 ELSE 0 END) AS repeats,
       sum(CASE WHEN status_chaser THEN 1 ELSE 0 END) AS status_chasers,
       count(DISTINCT customer_key) AS distinct_customers,
       sum(handle_seconds) AS handle_sum,
       min(CASE WHEN place * 2 >= places THEN handle_seconds END) AS handle_p50,
       min(CASE WHEN place * 20 >= places * 19 THEN handle_seconds END) AS handle_p95,
       sum(cost_micro) AS cost_micro
FROM costed GROUP BY dt, reason, channel ORDER BY dt, reason, channel
