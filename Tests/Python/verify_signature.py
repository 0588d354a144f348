"""Judges signed webhooks by the packages that receivers use, none of which is ours.

Reads one JSON object a line, {"body": base64, "headers": {…}, "keys": […]}, and prints a line of verdicts for each:
`standardwebhooks=ok svix=ok cryptography=refused`. A key is whsec_… (v1) or whpk_… (v1a).
"""

import base64
import json
import sys

import standardwebhooks
import svix
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def shared(library, key, body, headers):
    try:
        library.Webhook(key).verify(body, headers)
        return True
    except (standardwebhooks.WebhookVerificationError, svix.webhooks.WebhookVerificationError):
        return False


def public(key, body, headers):
    """v1a is in neither library: the specification's words, with the signature checked by `cryptography`."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    verifier = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_"), validate=True))
    for word in headers["webhook-signature"].split(" "):
        version, signature = word.split(",", 1)
        if version != "v1a":
            continue
        try:
            verifier.verify(base64.b64decode(signature, validate=True), signed)
            return True
        except InvalidSignature:
            pass
    return False


for line in sys.stdin:
    webhook = json.loads(line)
    body, headers = base64.b64decode(webhook["body"]), webhook["headers"]
    verdicts = []
    for key in webhook["keys"]:
        if key.startswith("whpk_"):
            verdicts.append(("cryptography", public(key, body, headers)))
        else:
            verdicts.append(("standardwebhooks", shared(standardwebhooks, key, body, headers)))
            verdicts.append(("svix", shared(svix, key, body, headers)))
    print(" ".join(f"{name}={'ok' if verdict else 'refused'}" for name, verdict in verdicts))
