-- Whose key set a destination; null for the operator's own. Clinics and integrations may come to another organization,
-- whose events are not for who set it before.
ALTER TABLE hookgate.destinations ADD COLUMN IF NOT EXISTS organization_id uuid;
