"""Photographs the console of a sample fleet that is half way to token URLs: docs/screenshots/*.png, for the README."""

import asyncio
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "Faults"))
from playwright.sync_api import sync_playwright  # noqa: E402
from servers import Postgres  # noqa: E402

FOLDER = pathlib.Path(__file__).parents[2] / "docs/screenshots"
KEY = "the-key-of-the-photographs"
PHOTOGRAPHS = [
    ("fleet-light", "/", (1280, 800), "light"),
    ("fleet-dark", "/", (1280, 800), "dark"),
    ("integrations", "/integrations", (1280, 800), "light"),
    ("events", "/events", (1280, 800), "light"),
    ("migration", "/migration", (1280, 800), "light"),
    ("phone", "/", (390, 844), "dark"),
]
FLEET = """
CREATE TABLE healthcare.clinics (id uuid PRIMARY KEY, organization_id uuid, name text, is_active boolean);
CREATE TABLE public.evolution_instances (
    id int PRIMARY KEY, organization_id uuid, instance_name text, phone_number text, status text, config jsonb,
    created_at timestamptz, updated_at timestamptz);
INSERT INTO healthcare.clinics
SELECT md5('clinic ' || n)::uuid, md5('organization ' || n / 3)::uuid,
    (ARRAY['Shtern', 'Aurora', 'Lakeside', 'Bela Vista', 'Northgate', 'Ipanema', 'Maple', 'Harbour'])[1 + n % 8] || ' '
        || (ARRAY['Dental', 'Clinic', 'Paediatrics', 'Dermatology', 'Eye Care'])[1 + n / 8 % 5], true
FROM generate_series(1, 40) n;
INSERT INTO public.evolution_instances
SELECT n, md5('organization ' || n / 3)::uuid, 'clinic-' || left(md5(n::text), 6), '+1555010' || lpad(n::text, 4, '0'),
    'connected', '{}', now() - interval '200 d', now() - interval '9 d' FROM generate_series(1, 40) n;
INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, display_name, phone_number)
SELECT md5('organization ' || n / 3)::uuid, md5('clinic ' || n)::uuid, 'whatsapp', 'evolution',
    CASE WHEN n % 11 = 0 THEN 'disconnected' WHEN n % 13 = 0 THEN 'pending' ELSE 'active' END,
    jsonb_build_object('instance_name', 'clinic-' || left(md5(n::text), 6)),
    (SELECT name FROM healthcare.clinics WHERE id = md5('clinic ' || n)::uuid), '+1555010' || lpad(n::text, 4, '0')
FROM generate_series(1, 34) n;
INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count, retries, last_live)
SELECT 'clinic-' || left(md5(n::text), 6), route, current_date, now() - interval '9 h', at, 400, 3, at
FROM generate_series(1, 40) n, unnest(ARRAY['token', 'instance']) route, LATERAL (
    SELECT now() - CASE WHEN route = 'token' THEN n * interval '9 s' ELSE interval '3 h' - n * interval '4 min' END) seen (at)
WHERE route = 'instance' OR n <= 26;
INSERT INTO hookgate.switch_overs
    (run_id, instance_name, integration_id, server, state, url_digest, changed_at, set_at, previous, previous_text)
SELECT md5('run')::uuid, 'clinic-' || left(md5(n::text), 6), gen_random_uuid(), 'default',
    CASE WHEN n <= 26 THEN 'confirmed' ELSE 'configured' END, sha256('u'), now() - n * interval '5 min',
    now() - n * interval '5 min', '{}', '{}' FROM generate_series(1, 29) n;
INSERT INTO hookgate.traffic_minutes (minute, gateway_id, token, instance)
SELECT date_trunc('minute', now()) - ago * interval '1 min', md5('gateway')::uuid,
    (5 + 380 / (1 + exp((ago - 30) / 5.0)) + 25 * random())::int,
    CASE WHEN ago < 9 THEN 0 ELSE (400 / (1 + exp((28 - ago) / 5.0)) + 18 * random())::int END
FROM generate_series(-3, 60) ago;
"""


class Backend(http.server.BaseHTTPRequestHandler):
    """Where the webhooks are delivered to."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words):
        pass


async def main():
    backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    binary = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="hookgate-photographs-") as name:
        place = pathlib.Path(name)
        place.chmod(0o755)
        postgres = Postgres(place / "postgres")
        await postgres.start()
        try:
            environment = {
                "PATH": os.environ["PATH"], "HOME": name, "DATABASE_URL": postgres.url(), "HOOKGATE_ADMIN_TOKEN": KEY,
                "HOOKGATE_DATA_DIR": str(place / "data"), "HOOKGATE_PUBLIC_URL": "https://hooks.example.com",
                "HOOKGATE_DELIVER_URL": f"http://127.0.0.1:{backend.server_port}/"}
            subprocess.run([binary, "schema", "apply"], env=environment, check=True, stdout=subprocess.DEVNULL)
            postgres.sql(FLEET)
            with open(place / "log", "wb") as log:
                server = subprocess.Popen(
                    [binary, "serve", "--listen", "127.0.0.1:0"], env=environment, stdout=subprocess.PIPE, stderr=log,
                    text=True)
            try:
                line = next(line for line in server.stdout if "http://" in line)
                address = line[line.index("http://"):].split()[0]
                post(address, postgres.sql(
                    "SELECT config->>'instance_name', webhook_token FROM healthcare.integrations"))
                await asyncio.sleep(3)
                await asyncio.to_thread(photograph, address)
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(timeout=30)
        finally:
            await postgres.stop()


def post(address, integrations):
    """Some of today's webhooks, on both routes."""
    for number in range(90):
        instance, token = integrations[number % len(integrations)]
        kind = ["messages.upsert", "messages.update", "connection.update", "contacts.update"][number % 4 * (number % 3 > 0)]
        body = {"event": kind, "instance": instance, "data": {
            "key": {"remoteJid": f"1555020{number:04}@s.whatsapp.net", "id": f"3EB0{number:04}", "fromMe": False},
            "message": {"conversation": "Good morning, can I come at ten?"}}}
        way = f"whatsapp/{token}" if number % 30 else instance
        request = urllib.request.Request(
            f"{address}/webhooks/evolution/{way}", json.dumps(body).encode(), {"content-type": "application/json"})
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except urllib.error.HTTPError as error:
            sys.exit(f"a webhook was answered with {error.code}")


def photograph(address):
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"])
        state = None
        for name, path, (width, height), scheme in PHOTOGRAPHS:
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, storage_state=state)
            page = context.new_page()
            page.goto(address + path)
            if state is None:
                page.get_by_label("Key").fill(KEY)
                page.get_by_role("button", name="Sign in").click()
                page.wait_for_load_state("load")
                page.goto(address + path)
                state = context.storage_state()
            page.screenshot(path=str(FOLDER / f"{name}.png"))
            print(f"docs/screenshots/{name}.png")
            context.close()
        browser.close()


asyncio.run(main())
