-- A small company's database as the old system leaves it: the guide's two instances first, then one instance
-- for each case that the old scripts got wrong. All people, numbers and ids are made up.

CREATE SCHEMA healthcare;
CREATE SCHEMA core;

CREATE TABLE healthcare.clinics (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    name text NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    whatsapp_number text,
    whatsapp_config jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE public.evolution_instances (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    instance_name text NOT NULL,
    phone_number text,
    status text,
    config jsonb,
    connection_type text DEFAULT 'baileys',
    webhook_url text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE public.integrations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    type text NOT NULL,
    provider text,
    status text DEFAULT 'pending',
    display_name text NOT NULL,
    enabled boolean DEFAULT true,
    config jsonb,
    credentials jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE core.whatsapp_conversations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    session_id uuid,
    customer_phone text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE healthcare.whatsapp_config (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    clinic_id uuid NOT NULL REFERENCES healthcare.clinics (id),
    instance_name text,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The new table as the first, unfinished attempt left it: no token column yet.
CREATE TABLE healthcare.integrations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid,
    clinic_id uuid,
    type text NOT NULL,
    provider text,
    status text,
    config jsonb,
    enabled boolean DEFAULT true,
    phone_number text,
    display_name text,
    connected_at timestamptz,
    last_seen_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO healthcare.clinics (id, organization_id, name, is_active, whatsapp_number, whatsapp_config) VALUES
    ('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'Shtern Dental Clinic', true, NULL, NULL),
    ('c0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000002', 'Another Clinic', true, NULL, NULL),
    ('c0000000-0000-4000-8000-000000000003', 'a0000000-0000-4000-8000-000000000003', 'Clínica Aurora', true, '+1 555 010 0001', NULL),
    ('c0000000-0000-4000-8000-000000000004', 'a0000000-0000-4000-8000-000000000004', 'Riverside North', true, '+1 555 010 0004', NULL),
    ('c0000000-0000-4000-8000-000000000005', 'a0000000-0000-4000-8000-000000000004', 'Riverside South', true, NULL, NULL),
    ('c0000000-0000-4000-8000-000000000006', 'a0000000-0000-4000-8000-000000000005', 'Hill Street East', true, NULL, NULL),
    ('c0000000-0000-4000-8000-000000000007', 'a0000000-0000-4000-8000-000000000005', 'Hill Street West', true, NULL, NULL),
    ('c0000000-0000-4000-8000-000000000008', 'a0000000-0000-4000-8000-000000000006', 'Praxis Müller', true, NULL, NULL);

INSERT INTO healthcare.whatsapp_config (clinic_id, instance_name) VALUES
    ('c0000000-0000-4000-8000-000000000005', 'riverside-south');

INSERT INTO public.evolution_instances (organization_id, instance_name, phone_number, status, config) VALUES
    -- the guide's two
    ('a0000000-0000-4000-8000-000000000001', 'clinic-abc123', '+1234567890', 'connected', '{"instance_key": "SAMPLE-KEY-1"}'),
    ('a0000000-0000-4000-8000-000000000002', 'clinic-xyz789', '+1987654321', 'connected', '{"instance_key": "SAMPLE-KEY-2"}'),
    -- one clinic with two numbers: the old script kept the second only
    ('a0000000-0000-4000-8000-000000000003', 'clinica-aurora', '+15550100001', 'connected', '{"instance_key": "SAMPLE-KEY-3"}'),
    ('a0000000-0000-4000-8000-000000000003', 'clinica-aurora-2', '+15550100002', 'connected', '{}'),
    -- one organization with two clinics, decided by phone, by configuration and by the id inside the name
    ('a0000000-0000-4000-8000-000000000004', 'riverside-north', '15550100004', 'connected', '{}'),
    ('a0000000-0000-4000-8000-000000000004', 'riverside-south', NULL, 'connected', '{}'),
    ('a0000000-0000-4000-8000-000000000004', 'clinic-c0000000-0000-4000-8000-000000000005-1760000000000', NULL, 'connected', NULL),
    -- two clinics and nothing that tells which: a person must decide
    ('a0000000-0000-4000-8000-000000000005', 'hill-street', '+15550100009', 'connected', '{}'),
    -- an organization without a clinic
    ('a0000000-0000-4000-8000-00000000000f', 'nobodys-phone', '+15550100010', 'connected', '{}'),
    -- status words: offline at this minute, in error, missing, unknown
    ('a0000000-0000-4000-8000-000000000006', 'mueller-offline', '+15550100011', 'disconnected', '{}'),
    ('a0000000-0000-4000-8000-000000000006', 'mueller-error', '+15550100012', 'error', '{}'),
    ('a0000000-0000-4000-8000-000000000006', 'mueller-null', NULL, NULL, '{}'),
    ('a0000000-0000-4000-8000-000000000006', 'mueller-odd', NULL, 'hibernating', '{"colour": "blue", "api_url": "https://evolution.example"}'),
    -- names that break naive code
    ('a0000000-0000-4000-8000-000000000006', 'Praxis "Müller" 🦷/1', NULL, 'connected', '{}'),
    ('a0000000-0000-4000-8000-000000000006', 'whatsapp', NULL, 'connected', '{}'),
    -- two organizations, one instance name
    ('a0000000-0000-4000-8000-000000000001', 'reception', NULL, 'connected', '{}'),
    ('a0000000-0000-4000-8000-000000000002', 'reception', NULL, 'connected', '{}'),
    -- already in the new table, without a token (the guide's scenario 3)
    ('a0000000-0000-4000-8000-000000000002', 'another-second', '+15550100020', 'connected', '{}');

INSERT INTO public.integrations (organization_id, type, provider, status, display_name, config) VALUES
    ('a0000000-0000-4000-8000-000000000001', 'whatsapp', 'evolution', 'connected', 'Shtern reception', '{"instance": "shtern-reception"}'),
    ('a0000000-0000-4000-8000-000000000001', 'slack', 'slack', 'connected', 'Shtern team chat', '{"channel": "#front-desk"}'),
    ('a0000000-0000-4000-8000-000000000002', 'google_calendar', 'google', 'connected', 'Appointments', '{}');

INSERT INTO core.whatsapp_conversations (customer_phone) VALUES ('+15550109001'), ('+15550109002');

INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled, display_name) VALUES
    ('a0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000002', 'whatsapp', 'evolution', 'active',
     '{"instance": "another-second", "note": "kept as it is"}', true, 'Another Clinic, second line'),
    ('a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'whatsapp', 'twilio', 'active',
     '{"account": "sample"}', true, 'Shtern by Twilio');
