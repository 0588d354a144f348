"""A fleet of integrations for the gateway to know, and the way to keep PostgreSQL from everybody for a while."""

import os
import subprocess

from machine import HOOKGATE, signal_all

# As many tokens are used, however many there are: a list of a million would be wrk's memory, not ours.
TOKENS = 10_000


class Fleet:
    """Integrations in a database, with a token in force and one that was revoked for each that is used."""

    def __init__(self, server, database, count):
        self.server, self.database, self.count = server, database, count
        server.psql("postgres", "-c", f"CREATE DATABASE {database}")
        subprocess.run([HOOKGATE, "schema", "apply"], check=True, stdout=subprocess.DEVNULL,
                       env={"PATH": os.environ["PATH"], "HOME": "/tmp", "DATABASE_URL": server.url(database)})
        # Every n-th is used, so that a large table is touched all over.
        step = max(count // TOKENS, 1)
        server.psql(
            database,
            "-c", "INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled) "
                  "SELECT gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active', jsonb_build_object("
                  f"'instance_name', 'clinic-' || lpad(n::text, 8, '0')), true FROM generate_series(1, {count}) n",
            "-c", "CREATE TABLE public.bench AS SELECT id, webhook_token AS revoked FROM healthcare.integrations "
                  f"WHERE right(config->>'instance_name', 8)::int % {step} = 0",
            "-c", "UPDATE healthcare.integrations SET webhook_token = hookgate.new_webhook_token() "
                  "WHERE id IN (SELECT id FROM public.bench)",
            "-c", "VACUUM ANALYZE")
        rows = server.psql(
            database, "-F", " ", "-c", "SELECT id, webhook_token, revoked, config->>'instance_name' FROM bench JOIN "
            "healthcare.integrations USING (id) ORDER BY md5(id::text)").splitlines()
        self.rows = [row.split(" ") for row in rows]

    def write(self, folder):
        """The tokens as wrk reads them: those in force and those revoked."""
        self.accepted, self.refused = folder / f"{self.database}.accepted", folder / f"{self.database}.refused"
        self.accepted.write_text("".join(f"{token} {name}\n" for _, token, _, name in self.rows))
        self.refused.write_text("".join(f"{revoked} {name}\n" for _, _, revoked, name in self.rows))

    def tenants(self):
        return [(token, tenant) for tenant, token, _, _ in self.rows] + [(old, "revoked") for _, _, old, _ in self.rows]


def freeze(server, signal_number):
    """Stops PostgreSQL where it stands, or lets it go on: nothing can be shipped meanwhile."""
    if server.postmaster is not None:
        signal_all(server.postmaster, signal_number)
