"""A gateway starts beside what a long outage left in its spool: it answers at once, and ships everything."""

import asyncio
import hashlib
import json
import os
import time

from oracle import Connection, body
from world import Account, World

# From the start of the process to the first 200, in seconds, with 1 GiB waiting.
PROMISE = 1.0
BODY_BYTES = 256 << 10
SENDERS = 16


def long_event(event_id: str, instance: str) -> bytes:
    """The one body of an id: as long as a small picture, so that few of them fill a spool."""
    text = hashlib.sha256(event_id.encode()).hexdigest() * (BODY_BYTES >> 6)
    message = {"event": "messages.upsert", "instance": instance, "data": {"key": {"id": event_id}, "message": text}}
    return json.dumps(message, separators=(",", ":")).encode()


async def started_with_a_backlog(world: World, times: int) -> Account:
    """PostgreSQL is away while a spool fills; the gateway is killed and started anew, still without it."""
    mebibytes = 1_024 if world.seconds > 1 else 64
    count = mebibytes * times * (1 << 20) // BODY_BYTES
    gateway = world.gateway("backlog")
    prefix = f"backlog-{os.getpid()}-{time.time_ns()}"
    owed: dict[str, str] = {}
    answers: dict[str, int] = {}
    await gateway.start()
    while await gateway.metric("hookgate_routing_complete") != 1:
        await asyncio.sleep(0.05)

    async def post(connection: Connection, event_id: str, number: int, payload=long_event) -> str:
        instance = world.fleet[number % len(world.fleet)]
        path = f"/webhooks/evolution/whatsapp/{instance.token}"
        answer = await connection.post([gateway.address], path, payload(event_id, instance.name))
        answers[answer] = answers.get(answer, 0) + 1
        if answer == "200":
            owed[event_id] = hashlib.sha256(payload(event_id, instance.name)).hexdigest()
        return answer

    async def fill(sender: int) -> None:
        connection = Connection()
        for number in range(sender, count, SENDERS):
            while await post(connection, f"{prefix}-{number}", number) != "200":
                await asyncio.sleep(0.05)
        connection.close()

    await world.way_to_postgres.shut()
    await asyncio.gather(*(fill(sender) for sender in range(SENDERS)))
    waiting = await gateway.metric("hookgate_spool_depth_bytes")
    await gateway.kill()

    begun = time.monotonic()
    gateway.launch()
    while await post(Connection(), f"{prefix}-fresh", 0, body) != "200":
        assert gateway.process.poll() is None, "the gateway ended"
        await asyncio.sleep(0.005)
    first = time.monotonic() - begun
    assert await gateway.metric("hookgate_spool_depth_records") == count + 1, "the backlog is not what was accepted"

    await world.way_to_postgres.open()
    begun = time.monotonic()
    await gateway.emptied()
    print(
        f"     {int(waiting) >> 20} MiB waited: the first 200 came after {first:.2f} s, everything was shipped in "
        f"{time.monotonic() - begun:.0f} s", flush=True)
    assert first < PROMISE, f"the first 200 came after {first:.2f} s"
    rows = world.postgres.sql(
        "SELECT e.message_id, count(*), min(encode(sha256(b.body), 'hex')) FROM hookgate.events e "
        f"JOIN hookgate.event_bodies b USING (day, id) WHERE e.message_id LIKE '{prefix}-%' GROUP BY 1")
    stored = {event_id: (int(number), digest) for event_id, number, digest in rows}
    return Account(
        owed=len(owed), missing=len(owed.keys() - stored.keys()), spurious=len(stored.keys() - owed.keys()),
        corrupted=sum(owed.get(event_id) != digest for event_id, (_, digest) in stored.items()),
        twice=sum(number > 1 for number, _ in stored.values()), resent=0, answers=answers)
