"""Many long bodies at once: what is answered is kept to the byte, and the gateway's memory stays small."""

import asyncio
import hashlib
import os
import time

from servers import Gateway
from world import Account, World

MEMORY_BOUND = 256 << 20
CHUNK = b"Q" * (1 << 16)


class LongBody:
    """Made while it is sent, and again to be compared: it is never in memory."""

    def __init__(self, event_id: str, instance: str, mebibytes: int) -> None:
        self.head = (
            f'{{"event":"messages.upsert","instance":"{instance}","data":{{"key":{{"id":"{event_id}"}},'
            '"message":{"base64":"').encode()
        # What stands around the text counts as well: one piece less, so that the whole just fits a limit of that size.
        self.chunks, self.tail = (mebibytes << 4) - 1, b'"}}}'

    def __len__(self) -> int:
        return len(self.head) + self.chunks * len(CHUNK) + len(self.tail)

    def parts(self):
        yield self.head
        for _ in range(self.chunks):
            yield CHUNK
        yield self.tail

    def digest(self) -> str:
        digest = hashlib.sha256()
        for part in self.parts():
            digest.update(part)
        return digest.hexdigest()


async def send(address: tuple[str, int], path: str, body: LongBody) -> str:
    """One body on a connection of its own; its status, or "lost" when no answer came."""
    try:
        async with asyncio.timeout(600):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            for part in body.parts():
                writer.write(part)
                await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            writer.close()
            status = head.split()[1]
            return "503 without retry-after" if status == "503" and "\nretry-after:" not in head else status
    except (OSError, EOFError, TimeoutError, IndexError):
        return "lost"


def peak_memory(gateway: Gateway) -> int:
    with open(f"/proc/{gateway.process.pid}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) << 10


async def long_bodies(world: World, times: int) -> Account:
    """Fifty bodies of 64 MiB at once, fewer in a short run; the gateway is killed amid all rounds but the last."""
    count, mebibytes = (50, 64) if world.seconds > 1 else (12, 32)
    gateway = world.gateway("long-bodies")
    prefix = f"long-{os.getpid()}-{time.time_ns()}"
    bodies: dict[str, LongBody] = {}
    owed: set[str] = set()
    answers: dict[str, int] = {}

    async def deliver(event_id: str, number: int) -> None:
        instance = world.fleet[number % len(world.fleet)]
        bodies[event_id] = LongBody(event_id, instance.name, mebibytes)
        answer = await send(gateway.address, f"/webhooks/evolution/whatsapp/{instance.token}", bodies[event_id])
        answers[answer] = answers.get(answer, 0) + 1
        if answer == "200":
            owed.add(event_id)

    await gateway.start()
    for turn in range(times):
        senders = [asyncio.create_task(deliver(f"{prefix}-{turn}-{number}", number)) for number in range(count)]
        if turn < times - 1:
            await asyncio.wait(senders, return_when=asyncio.FIRST_COMPLETED)
            await gateway.kill()
        await asyncio.gather(*senders)
        if turn < times - 1:
            await gateway.start()
    await gateway.emptied()
    peak = peak_memory(gateway)
    print(f"     {count} bodies of {mebibytes} MiB at once: at most {peak >> 20} MiB resident", flush=True)
    assert peak < MEMORY_BOUND, f"{peak >> 20} MiB were resident"
    return account(world, gateway, prefix, bodies, owed, answers)


async def longest_body(world: World, times: int) -> Account:
    """Bodies as long as Evolution sends them at most, one after the other, against a gateway that takes just these."""
    mebibytes = 136 if world.seconds > 1 else 16
    gateway = world.gateway("longest-body", HOOKGATE_MAX_BODY=f"{mebibytes}MiB")
    prefix = f"longest-{os.getpid()}-{time.time_ns()}"
    bodies: dict[str, LongBody] = {}
    answers: dict[str, int] = {}
    await gateway.start()
    for number in range(times):
        instance, event_id = world.fleet[number % len(world.fleet)], f"{prefix}-{number}"
        bodies[event_id] = LongBody(event_id, instance.name, mebibytes)
        path = f"/webhooks/evolution/whatsapp/{instance.token}"
        begun = time.monotonic()
        answer = await send(gateway.address, path, bodies[event_id])
        accepted = time.monotonic()
        answers[answer] = answers.get(answer, 0) + 1
        assert answer == "200", f"a body of {len(bodies[event_id])} bytes was answered with {answer}"
        await gateway.emptied()
        print(
            f"     {len(bodies[event_id]) / (1 << 20):.1f} MiB: accepted in {accepted - begun:.2f} s, in the inbox "
            f"{time.monotonic() - accepted:.2f} s later; at most {peak_memory(gateway) >> 20} MiB resident", flush=True)
    instance = world.fleet[0]
    longer = LongBody(f"{prefix}-longer", instance.name, mebibytes + 1)
    refusal = await send(gateway.address, f"/webhooks/evolution/whatsapp/{instance.token}", longer)
    assert refusal in ("413", "lost"), f"a body over the limit was answered with {refusal}"
    peak = peak_memory(gateway)
    assert peak < MEMORY_BOUND, f"{peak >> 20} MiB were resident"
    return account(world, gateway, prefix, bodies, set(bodies), answers)


def account(
    world: World, gateway: Gateway, prefix: str, bodies: dict[str, LongBody], owed: set[str], answers: dict[str, int],
) -> Account:
    """What the inbox has of these bodies, once the spool has nothing any more."""
    names = [path.name for path in (gateway.folder / "spool").iterdir()]
    left = [name for name in names if name.endswith(".body") or name.startswith("received-")]
    assert not left, f"left in the spool: {left}"
    rows = world.postgres.sql(
        "SELECT e.message_id, count(*), min(encode(sha256(b.body), 'hex')) FROM hookgate.events e "
        f"JOIN hookgate.event_bodies b USING (day, id) WHERE e.message_id LIKE '{prefix}-%' GROUP BY 1")
    stored = {event_id: (int(number), digest) for event_id, number, digest in rows}
    return Account(
        owed=len(owed), missing=len(owed - stored.keys()), spurious=len(stored.keys() - bodies.keys()),
        corrupted=sum(bodies[event_id].digest() != digest for event_id, (_, digest) in stored.items()),
        twice=sum(number > 1 for number, _ in stored.values()), resent=0, answers=answers)
