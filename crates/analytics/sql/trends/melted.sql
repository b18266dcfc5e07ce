-- Days with roots of chains that melted between two instants.
SELECT DISTINCT dt FROM chains_before WHERE melts_at > $from AND melts_at <= $to
