"""The original's way, for a sample: for each legacy row a query for a clinic of its organization, one for the
integration that the clinic has already, then an insert or an update, each committed by itself.

  original.py URL ROWS
"""
import sys

import psycopg2
from psycopg2.extras import Json

WORDS = {"connected": "active", "connecting": "pending", "qr_pending": "pending", "disconnected": "disconnected"}

connection = psycopg2.connect(sys.argv[1])
connection.autocommit = True
cursor = connection.cursor()
cursor.execute(
    "SELECT organization_id, instance_name, instance_key, phone_number, status, created_at, updated_at"
    " FROM public.evolution_instances WHERE status IS DISTINCT FROM 'error' ORDER BY id LIMIT %s", [int(sys.argv[2])])
for organization, name, key, phone, status, created, updated in cursor.fetchall():
    cursor.execute(
        "SELECT id, name FROM healthcare.clinics WHERE organization_id = %s AND is_active LIMIT 1", [organization])
    found = cursor.fetchone()
    if found is None:
        continue
    clinic, clinic_name = found
    word = WORDS.get(status, "pending")
    values = [organization, clinic, "whatsapp", "evolution", word,
              Json({"instance": name, "instance_key": key, "connection_type": "baileys"}), phone, clinic_name,
              created if word == "active" else None, updated, word == "active", created, updated]
    cursor.execute(
        "SELECT id FROM healthcare.integrations WHERE clinic_id = %s AND type = 'whatsapp' AND provider = 'evolution'",
        [clinic])
    existing = cursor.fetchone()
    if existing:
        cursor.execute(
            "UPDATE healthcare.integrations SET organization_id = %s, clinic_id = %s, type = %s, provider = %s,"
            " status = %s, config = %s, phone_number = %s, display_name = %s, connected_at = %s, last_seen_at = %s,"
            " enabled = %s, created_at = %s, updated_at = %s WHERE id = %s", values + [existing[0]])
    else:
        cursor.execute(
            "INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config,"
            " phone_number, display_name, connected_at, last_seen_at, enabled, created_at, updated_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", values)
