-- Orders by day.
SELECT day, count FROM units WHERE unit = 'orders' ORDER BY day
