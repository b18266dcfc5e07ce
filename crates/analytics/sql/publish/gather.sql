-- Everything that is published of the live contacts on the days from $from to $to, in the order of the files.
-- Of the verdicts of a contact the highest sequence counts, then the highest `judged`, whatever the sequence of
-- its row of contacts: an override or a merge is judged anew without the row being said anew. A contact without
-- any verdict comes with null in `judged`. The narrow side of each join stands first, so that wide rows stream
-- past it.
WITH last_said AS (
    SELECT contact_id, max(sequence) AS sequence
    FROM verdict_rows
    WHERE dt BETWEEN $from AND $to
    GROUP BY contact_id
),
last_judged AS (
    SELECT s.contact_id, s.sequence, max(v.judged) AS judged
    FROM last_said AS s
    JOIN verdict_rows AS v ON v.contact_id = s.contact_id AND v.sequence = s.sequence
    WHERE v.dt BETWEEN $from AND $to
    GROUP BY s.contact_id, s.sequence
),
verdicts AS (
    SELECT live.contact_id AS of_contact, live.sequence AS of_sequence, v.* EXCEPT (contact_id, sequence, dt)
    FROM live
    LEFT JOIN last_judged AS l ON l.contact_id = live.contact_id
    LEFT JOIN verdict_rows AS v
        ON v.contact_id = l.contact_id AND v.sequence = l.sequence AND v.judged = l.judged
        AND v.dt BETWEEN $from AND $to
)
-- The verdict has the step as well, also where only the customer named it.
SELECT c.* EXCEPT (step), verdicts.* EXCEPT (of_contact, of_sequence)
FROM verdicts
JOIN contact_rows AS c ON c.contact_id = verdicts.of_contact AND c.sequence = verdicts.of_sequence
WHERE c.dt BETWEEN $from AND $to AND NOT c.gone
ORDER BY c.dt, c.occurred_at, c.contact_id
