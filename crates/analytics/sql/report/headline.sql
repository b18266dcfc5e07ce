-- One week beside the week before it and the four weeks before it. What has several values in a week is counted
-- once: customers are counted over the whole week, not summed over reasons. Units are the taxonomy's own; a week
-- without a count of them has null, never 0.
WITH weeks AS (
    SELECT column1 AS back, CAST($monday AS DATE) - column2 AS monday
    FROM (VALUES (0, INTERVAL '0 days'), (1, INTERVAL '7 days'), (2, INTERVAL '14 days'), (3, INTERVAL '21 days'), (4, INTERVAL '28 days'))
),
counted AS (
    SELECT
        dt AS monday,
        sum(contacts) AS contacts,
        sum(dumb) AS dumb,
        sum(repeats) AS repeats,
        sum(provisional) AS provisional,
        sum(CASE WHEN reason = 'unclassified' THEN contacts ELSE 0 END) AS unclassified,
        sum(handled) AS handled,
        sum(handle_ms) AS handle_ms,
        sum(costed) AS costed,
        sum(cost_micros) AS cost_micros,
        sum(dumb_cost_micros) AS dumb_cost_micros
    FROM reason_weekly
    WHERE dt BETWEEN CAST($monday AS DATE) - INTERVAL '28 days' AND CAST($monday AS DATE)
    GROUP BY dt
),
begun AS (
    SELECT min(dt) AS monday FROM reason_weekly
),
taxonomy AS (
    SELECT max(unit) AS unit FROM reasons WHERE reason = 'unclassified'
),
unit_weeks AS (
    SELECT w.back, sum(u.count) AS units, count(*) AS unit_days
    FROM weeks AS w
    JOIN units AS u ON u.day BETWEEN w.monday AND w.monday + INTERVAL '6 days'
    JOIN taxonomy AS t ON t.unit = u.unit
    GROUP BY w.back
),
-- A week inside the history that nobody contacted in counts as 0; one before the history is unknown.
by_week AS (
    SELECT
        w.back,
        coalesce(c.contacts, 0) AS contacts,
        coalesce(c.dumb, 0) AS dumb,
        coalesce(c.repeats, 0) AS repeats,
        coalesce(c.provisional, 0) AS provisional,
        coalesce(c.unclassified, 0) AS unclassified,
        coalesce(c.handled, 0) AS handled,
        c.handle_ms,
        coalesce(c.costed, 0) AS costed,
        c.cost_micros,
        c.dumb_cost_micros,
        u.units,
        coalesce(u.unit_days, 0) AS unit_days
    FROM weeks AS w
    CROSS JOIN begun AS b
    LEFT JOIN counted AS c ON c.monday = w.monday
    LEFT JOIN unit_weeks AS u ON u.back = w.back
    WHERE w.back = 0 OR w.monday >= b.monday
),
this_week AS (
    SELECT * FROM by_week WHERE back = 0
),
before AS (
    SELECT contacts, dumb, repeats, units, costed, cost_micros FROM by_week WHERE back = 1
),
mean4 AS (
    SELECT
        count(*) AS weeks,
        count(units) AS unit_weeks,
        count(cost_micros) AS cost_weeks,
        sum(contacts) AS contacts,
        sum(dumb) AS dumb,
        sum(repeats) AS repeats,
        sum(units) AS units,
        sum(costed) AS costed,
        sum(cost_micros) AS cost_micros
    FROM by_week
    WHERE back > 0
),
people AS (
    SELECT count(DISTINCT customer_key) AS customers
    FROM contacts
    WHERE dt BETWEEN CAST($monday AS DATE) AND CAST($monday AS DATE) + INTERVAL '6 days'
)
SELECT
    $week AS iso_week,
    CAST($monday AS DATE) AS monday,
    $complete AS complete,
    w.contacts,
    w.dumb,
    w.repeats,
    p.customers,
    w.provisional,
    w.unclassified,
    w.handled,
    w.handle_ms,
    w.costed,
    w.cost_micros,
    w.dumb_cost_micros,
    (SELECT max(currency) FROM costs) AS currency,
    t.unit,
    w.units,
    w.unit_days,
    b.contacts AS contacts_before,
    b.dumb AS dumb_before,
    b.repeats AS repeats_before,
    b.units AS units_before,
    b.costed AS costed_before,
    b.cost_micros AS cost_micros_before,
    m.contacts AS contacts_mean4_sum,
    m.dumb AS dumb_mean4_sum,
    m.repeats AS repeats_mean4_sum,
    m.units AS units_mean4_sum,
    m.costed AS costed_mean4_sum,
    m.cost_micros AS cost_micros_mean4_sum,
    m.weeks AS mean4_weeks,
    m.unit_weeks AS mean4_unit_weeks,
    m.cost_weeks AS mean4_cost_weeks
FROM this_week AS w
CROSS JOIN people AS p
CROSS JOIN taxonomy AS t
CROSS JOIN mean4 AS m
LEFT JOIN before AS b ON true
