-- weekly_movers.parquet of the peers' work: the ten largest changes of every week but the first.
WITH weekly AS (
  SELECT date_trunc('week', CAST(dt AS TIMESTAMP)) AS week, reason, count(*) AS contacts FROM contacts GROUP BY 1, 2
),
grid AS (
  SELECT w.week, r.reason, coalesce(x.contacts, 0) AS contacts
  FROM (SELECT DISTINCT week FROM weekly) w CROSS JOIN (SELECT DISTINCT reason FROM weekly) r
  LEFT JOIN weekly x ON x.week = w.week AND x.reason = r.reason
),
changes AS (
  SELECT week, reason, contacts, lag(contacts) OVER (PARTITION BY reason ORDER BY week) AS prev_contacts FROM grid
),
ranked AS (
  SELECT *, contacts - prev_contacts AS change,
         row_number() OVER (PARTITION BY week ORDER BY abs(contacts - prev_contacts) DESC, reason) AS rank
  FROM changes WHERE prev_contacts IS NOT NULL AND (contacts > 0 OR prev_contacts > 0)
)
SELECT CAST(CAST(week AS DATE) AS VARCHAR) AS week_start, rank, reason, contacts, prev_contacts, change
FROM ranked WHERE rank <= 10 ORDER BY week, rank
