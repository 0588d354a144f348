"""Before anything is measured: do all contenders do the same work?"""

import json
import sys
import time
import urllib.error
import urllib.request

from machine import ROOT

BODY = ROOT / "Tests/Fixtures/evolution/v236_messages-upsert_conversation.json"


def post(contender, token, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{contender.port}/webhooks/evolution/whatsapp/{token}", body,
        {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def bodies(fleet, count=50):
    text = BODY.read_text()
    for number, (tenant, token, revoked, name) in enumerate(fleet.rows[:count]):
        body = text.replace("clinica-aurora", name).replace("CB16E5700520383095FC58253C87E5C2", f"CHECK{number:08}")
        yield tenant, token, revoked, f"CHECK{number:08}", body.encode()


def check_peer(peer, fleet):
    for tenant, token, revoked, _, body in bodies(fleet):
        status, answer = post(peer, token, body)
        assert (status, answer["tenant"], answer["bytes"]) == (200, tenant, len(body)), f"{peer.name}: {status} {answer}"
        status, answer = post(peer, revoked, body)
        assert (status, answer["bytes"]) == (403, len(body)), f"{peer.name}: {status} {answer}"
    assert post(peer, "unknown", b"{}")[0] == 404, f"{peer.name} knows a token that nobody has"


def check_hookgate(gateway, fleet):
    """Its answers name no tenant: the inbox does, where the events must be, whole and the right clinic's."""
    expected = {}
    for tenant, token, revoked, message, body in bodies(fleet):
        assert post(gateway, token, body)[0] == 200, f"{gateway.name} refuses a token in force"
        assert post(gateway, revoked, body)[0] == 403, f"{gateway.name} does not refuse a revoked token"
        expected[message] = tenant
    unknown = "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX"
    assert post(gateway, unknown, b"{}")[0] == 404, f"{gateway.name} knows a token that nobody has"
    for _ in range(200):
        rows = fleet.server.psql(
            fleet.database, "-F", " ", "-c", "SELECT message_id, integration_id FROM hookgate.events "
            "WHERE message_id LIKE 'CHECK%' AND state = 'pending'").splitlines()
        if dict(row.split(" ") for row in rows) == expected:
            return
        time.sleep(0.1)
    sys.exit(f"bench: {gateway.name}: the inbox has not what was accepted")


def check_bare(bare):
    status, answer = post(bare, "any", b"x" * 1_430)
    assert (status, answer["bytes"]) == (403, 1_430), "the bare handler does not read the body"


def metric(gateway, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((name + " ", name + "{")))
