-- Fifteen days pass: in a throw-away database the past is moved back. A gateway that listens now has listened since.

UPDATE hookgate.route_traffic SET day = day - 15, first_seen = first_seen - interval '15 days',
    last_seen = last_seen - interval '15 days', last_live = last_live - interval '15 days';
UPDATE hookgate.refused_requests SET day = day - 15, first_seen = first_seen - interval '15 days',
    last_seen = last_seen - interval '15 days';
UPDATE hookgate.old_way_comparisons SET day = day - 15, last_compared_at = last_compared_at - interval '15 days';
UPDATE hookgate.coverage SET listening_from = listening_from - interval '15 days';
UPDATE hookgate.switch_overs SET changed_at = changed_at - interval '15 days', set_at = set_at - interval '15 days';
UPDATE hookgate.verifications SET verified_at = verified_at - interval '15 days';
UPDATE hookgate.table_looks SET looked_at = looked_at - interval '15 days';
