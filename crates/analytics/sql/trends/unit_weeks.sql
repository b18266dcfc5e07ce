-- Units by week, and how many of its days have a count.
SELECT k.monday, u.unit, sum(u.count) AS units, count(*) AS unit_days
FROM calendar AS k
JOIN units AS u ON u.day = k.dt
GROUP BY k.monday, u.unit
