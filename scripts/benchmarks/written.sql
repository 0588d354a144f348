-- What a migration has written, as one JSON object: counts, and checksums that do not depend on the order of the rows.
SELECT jsonb_build_object(
    'integrations', (SELECT count(*) FROM healthcare.integrations),
    'integrations_sum', (SELECT sum(hashtextextended(ROW(organization_id, clinic_id, type, provider, status, enabled,
        phone_number, display_name, connected_at, last_seen_at, created_at, updated_at, config, migrated_from,
        migrated_status)::text, 0)::numeric)::text FROM healthcare.integrations),
    'tokens', (SELECT count(*) FROM hookgate.tokens t JOIN healthcare.integrations i ON i.id = t.integration_id
        AND t.digest = sha256(convert_to(i.webhook_token, 'UTF8')) WHERE t.state = 'current'),
    'journal', (SELECT count(*) FROM hookgate.migration_rows),
    'journal_sum', (SELECT sum(hashtextextended(ROW(instance_name, action, clinic_evidence, legacy_row, before,
        after - '{webhook_token,other columns}'::text[])::text, 0)::numeric)::text
        FROM hookgate.migration_rows),
    'journal_bytes', (SELECT sum(pg_column_size(m.*)) FROM hookgate.migration_rows m));
