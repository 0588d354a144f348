-- What ninety days leave behind in a fleet that was migrated, as the console's benchmark wants it: traffic by day, most
-- instances switched over on the way, a week of events with an attempt each. Beside fleet.sql, after `hookgate migrate`.
-- Everything but the time of day follows from a counter.

CREATE TABLE bench.fleet AS
SELECT row_number() OVER (ORDER BY i.config->>'instance_name' COLLATE "C") AS n, i.config->>'instance_name' AS name,
    i.id, i.organization_id, i.clinic_id
FROM healthcare.integrations i;

-- Two in three have been switched over, some of them just now; one in twenty is silent for ten days.
INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count, retries, last_live)
SELECT name, CASE WHEN n % 3 > 0 AND ago < n % 80 THEN 'token' ELSE 'instance' END,
    (seen AT TIME ZONE 'UTC')::date, date_trunc('day', seen, 'UTC'), seen, 40 + n % 100, n % 3, seen
FROM generate_series(89, 0, -1) AS ago, bench.fleet, LATERAL (SELECT now() - ago * interval '1 day' AS seen) AS moment
WHERE n % 20 > 0 OR ago >= 10
ORDER BY ago DESC, n;

INSERT INTO hookgate.switch_overs (run_id, instance_name, integration_id, server, state, previous, previous_text,
    url_digest, changed_at, set_at)
SELECT md5('run ' || n % 80)::uuid, name, id, 'default', CASE WHEN n % 80 = 0 THEN 'configured' ELSE 'confirmed' END,
    '{"url": "http://127.0.0.1/before"}', '{"url": "http://127.0.0.1/before"}', sha256(convert_to(name, 'UTF8')),
    now() - n % 80 * interval '1 day', now() - n % 80 * interval '1 day'
FROM bench.fleet WHERE n % 3 > 0;

SELECT hookgate.ensure_event_partitions((now() AT TIME ZONE 'UTC')::date - ago) FROM generate_series(0, 7) AS ago;

-- A hundred thousand, one for each six seconds; ids in the order of time, as the gateway gives them.
CREATE TABLE bench.events AS
SELECT e, received_at, (received_at AT TIME ZONE 'UTC')::date AS day, f.*, (
        lpad(to_hex((extract(epoch FROM received_at) * 1000)::bigint), 12, '0') || '7' || substr(md5('event ' || e), 1, 3)
        || '8' || substr(md5('event ' || e), 4, 15))::uuid AS event_id,
    CASE WHEN e % 100 = 7 THEN 'quarantined' WHEN e % 200 = 9 THEN 'parked' ELSE 'delivered' END AS state
FROM generate_series(1, 100000) AS e CROSS JOIN LATERAL (SELECT now() - e * interval '6 seconds' AS received_at) AS moment
    JOIN bench.fleet f ON f.n = 1 + e * 7 % (SELECT count(*) FROM bench.fleet);

INSERT INTO hookgate.events (id, day, received_at, stored_at, integration_id, organization_id, clinic_id, instance_name,
    route, event, message_id, chat, state, quarantine_reason, settled_at, body_bytes, body_sha256)
SELECT event_id, day, received_at, received_at, id, organization_id, clinic_id, name, 'token', 'messages.upsert',
    'M' || e, '15550101001@s.whatsapp.net', state, CASE WHEN state = 'quarantined' THEN 'no_clinic' END, received_at, 120,
    sha256(convert_to('body ' || e, 'UTF8'))
FROM bench.events;
INSERT INTO hookgate.event_bodies (id, day, body)
SELECT event_id, day, convert_to(json_build_object('event', 'messages.upsert', 'instance', name, 'data',
    json_build_object('message', json_build_object('conversation', 'a message of some length')))::text, 'UTF8')
FROM bench.events;
INSERT INTO hookgate.delivery_attempts (event_id, day, attempt, started_at, duration_ms, result, status, destination,
    worker)
SELECT event_id, day, 1, received_at, 20 + e % 50, CASE WHEN state = 'parked' THEN 'refused' ELSE 'delivered' END,
    CASE WHEN state = 'parked' THEN 400 ELSE 200 END, 'default', md5('worker')::uuid
FROM bench.events WHERE state <> 'quarantined';

VACUUM ANALYZE;
