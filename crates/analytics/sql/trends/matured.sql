-- Days with contacts whose resolution became final between two instants, or with the instants the other way round is
-- not final any more.
SELECT DISTINCT dt FROM contacts WHERE mature_at > $from AND mature_at <= $to
