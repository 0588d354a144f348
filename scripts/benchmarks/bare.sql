-- The yardstick: one statement that writes what a migration run writes, with the decisions already made for it.
-- psql -v run=UUID -f bare.sql; the run must stand in hookgate.migration_runs.
WITH decided AS MATERIALIZED (
    SELECT e.*, gen_random_uuid() AS integration, c.id AS clinic_id, c.name AS clinic_name, a.is_alone,
        to_jsonb(ARRAY_REMOVE(ARRAY[
            CASE WHEN e.instance_name LIKE 'clinic-%' THEN 'id_in_name' END,
            CASE WHEN e.phone_number IS NOT NULL THEN 'phone' END,
            CASE WHEN a.is_alone THEN 'only_clinic' END], NULL)) AS evidence,
        CASE e.status WHEN 'connected' THEN 'active' WHEN 'disconnected' THEN 'disconnected' ELSE 'pending' END AS word,
        jsonb_build_object('connection_type', e.connection_type, 'instance_key', e.instance_key) || e.config
            || jsonb_build_object('instance_name', e.instance_name, 'instance', e.instance_name) AS wanted
    FROM public.evolution_instances e
        JOIN bench.answers a ON a.name = e.instance_name AND NOT a.is_undecided
        JOIN healthcare.clinics c ON c.id = a.clinic
), inserted AS (
    INSERT INTO healthcare.integrations AS i (id, organization_id, clinic_id, type, provider, status, enabled,
        phone_number, display_name, connected_at, last_seen_at, created_at, updated_at, config, migrated_from,
        migrated_at, migrated_status, migrated_run)
    SELECT integration, organization_id, clinic_id, 'whatsapp', 'evolution', word, true, phone_number,
        clinic_name || ' (' || coalesce(phone_number, instance_name) || ')',
        coalesce(last_connected_at, CASE word WHEN 'active' THEN created_at END), updated_at, created_at, updated_at,
        wanted, 'public.evolution_instances:' || id, now(), status, :'run'::uuid
    FROM decided
    RETURNING i.*
)
INSERT INTO hookgate.migration_rows
    (run_id, instance_name, integration_id, action, clinic_evidence, legacy_row, before, after)
SELECT :'run'::uuid, d.instance_name, i.id, 'insert',
    jsonb_build_object('clinic_id', i.clinic_id, 'evidence', d.evidence),
    jsonb_strip_nulls(jsonb_build_object(
        'organization_id', i.organization_id, 'clinic_id', i.clinic_id, 'status', i.status, 'enabled', i.enabled::text,
        'phone_number', i.phone_number, 'display_name', i.display_name,
        'connected_at', to_char(i.connected_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'last_seen_at', to_char(i.last_seen_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'created_at', to_char(i.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'config.connection_type', 'sha256:' || encode(sha256(convert_to((i.config->'connection_type')::text, 'UTF8')), 'hex'),
        'config.instance', (i.config->'instance')::text, 'config.instance_key', 'sha256:' || encode(sha256(convert_to((i.config->'instance_key')::text, 'UTF8')), 'hex'),
        'config.instance_name', (i.config->'instance_name')::text,
        'config.sync_enabled', 'sha256:' || encode(sha256(convert_to((i.config->'sync_enabled')::text, 'UTF8')), 'hex'), 'config.webhook', 'sha256:' || encode(sha256(convert_to((i.config->'webhook')::text, 'UTF8')), 'hex'))),
    NULL,
    -- As the run keeps a row: plain columns in clear, digests of what may hold a secret.
    jsonb_build_object('organization_id', i.organization_id, 'clinic_id', i.clinic_id, 'status', i.status,
        'enabled', i.enabled, 'phone_number', i.phone_number, 'display_name', i.display_name,
        'connected_at', i.connected_at, 'created_at', i.created_at,
        'config', encode(sha256(convert_to(i.config::jsonb::text, 'UTF8')), 'hex'),
        'webhook_token', encode(sha256(convert_to(i.webhook_token, 'UTF8')), 'hex'),
        'other columns', encode(sha256(convert_to((to_jsonb(i) - ARRAY['organization_id', 'clinic_id', 'status',
            'enabled', 'phone_number', 'display_name', 'connected_at', 'created_at', 'revision', 'updated_at',
            'last_seen_at', 'webhook_url', 'config', 'webhook_token'])::text, 'UTF8')), 'hex'))
FROM inserted i JOIN decided d ON d.integration = i.id
