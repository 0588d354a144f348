-- The migration guide's two instances, as the old system has them: what docs/guide.md is run on.

CREATE SCHEMA healthcare;

CREATE TABLE healthcare.clinics (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    name text NOT NULL
);

CREATE TABLE public.evolution_instances (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    instance_name text NOT NULL,
    phone_number text,
    status text,
    created_at timestamptz NOT NULL DEFAULT now()
);

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
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO healthcare.clinics (id, organization_id, name) VALUES
    ('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'Shtern Dental Clinic'),
    ('c0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000002', 'Another Clinic');

INSERT INTO public.evolution_instances (id, organization_id, instance_name, phone_number, status) VALUES
    ('e0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'clinic-abc123', '+1234567890',
     'connected'),
    ('e0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000002', 'clinic-xyz789', '+1987654321',
     'connected');
