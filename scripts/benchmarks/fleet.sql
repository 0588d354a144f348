-- A legacy fleet of :rows instances, five for each clinic, as the migration's benchmark wants it:
--   psql -v rows=1000000 -f fleet.sql
-- Six clinics in ten are the only one of their organization; the others share one in fours. There an instance is told
-- by the clinic's id in its name, or by the clinic's phone number. One instance in a hundred cannot be decided.
-- Everything is made from a counter, so that every database of one size holds the same.

CREATE SCHEMA IF NOT EXISTS healthcare;
CREATE SCHEMA bench;

CREATE TABLE healthcare.clinics (
    id uuid PRIMARY KEY, organization_id uuid NOT NULL, name text NOT NULL, is_active boolean NOT NULL DEFAULT true,
    phone text, whatsapp_number text, email text, city text, timezone text, settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL
);
CREATE TABLE public.evolution_instances (
    id uuid PRIMARY KEY, organization_id uuid, instance_name text, instance_key text, phone_number text, status text,
    connection_type text, config jsonb, webhook_url text, last_connected_at timestamptz,
    created_at timestamptz, updated_at timestamptz
);

-- Which clinic is whose, and how its instances are told from its neighbours'.
CREATE TABLE bench.clinics AS
SELECT c AS number, md5('clinic ' || c)::uuid AS id,
    md5('organization ' || CASE WHEN c % 10 < 6 THEN c ELSE c / 10 * 10 + 6 END)::uuid AS organization,
    c % 10 < 6 AS is_alone, '+5511' || lpad((900000000 + c)::text, 9, '0') AS phone
FROM generate_series(0, greatest(:rows / 5, 1) - 1) AS c;

INSERT INTO healthcare.clinics
SELECT id, organization, 'Dental Clinic ' || number, true, phone, phone, 'desk@clinic-' || number || '.example',
    'São Paulo', 'America/Sao_Paulo', '{"language": "pt"}', timestamptz '2024-01-01Z' + number * interval '1 minute',
    timestamptz '2025-06-01Z'
FROM bench.clinics;

-- What must come of each instance: the clinic, null where nothing decides, and the evidence for it.
CREATE TABLE bench.answers AS
SELECT n AS number, c.id AS clinic, c.phone, c.is_alone, c.organization,
    n % 100 = 99 AND NOT c.is_alone AS is_undecided,
    CASE WHEN c.is_alone THEN 'line-' || n
         WHEN n % 100 <> 99 AND n % 2 = 0 THEN 'clinic-' || c.id || '-' || n
         ELSE 'desk-' || n END AS name
FROM generate_series(0, :rows - 1) AS n JOIN bench.clinics c ON c.number = n % greatest(:rows / 5, 1);

INSERT INTO public.evolution_instances
SELECT md5('instance ' || number)::uuid, organization, name, md5('key ' || number),
    CASE WHEN is_undecided THEN '+5521' || lpad(number::text, 9, '9')
         WHEN is_alone AND number % 3 = 0 THEN NULL ELSE phone END,
    CASE WHEN number % 50 = 0 THEN NULL
         ELSE (ARRAY['connected', 'connected', 'connected', 'disconnected', 'qr_pending'])[1 + number % 5] END,
    'baileys',
    jsonb_build_object('sync_enabled', number % 2 = 0, 'webhook', jsonb_build_object('events', '["messages.upsert"]'::jsonb)),
    'https://example.test/webhooks/evolution/' || name,
    CASE WHEN number % 4 = 0 THEN timestamptz '2025-09-01Z' + number * interval '1 second' END,
    timestamptz '2025-01-01Z' + number * interval '1 second', timestamptz '2025-10-01Z' + number * interval '1 second'
FROM bench.answers;

CREATE INDEX ON healthcare.clinics (organization_id);
VACUUM ANALYZE healthcare.clinics, public.evolution_instances, bench.clinics, bench.answers;
