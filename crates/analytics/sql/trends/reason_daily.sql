SELECT * FROM measures_by_day_and_reason
ORDER BY dt, reason
