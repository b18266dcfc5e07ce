SELECT * FROM measures_by_day_and_channel
ORDER BY dt, channel
