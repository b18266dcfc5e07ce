-- What each channel costs on each day: of its rates the one that is valid since latest.
SELECT dt, channel, per_contact_micros, per_second_micros
FROM (
    SELECT
        k.dt,
        c.channel,
        c.per_contact_micros,
        c.per_second_micros,
        row_number() OVER (PARTITION BY k.dt, c.channel ORDER BY c.valid_from DESC) AS place
    FROM calendar AS k
    JOIN costs AS c ON c.valid_from <= k.dt
)
WHERE place = 1
