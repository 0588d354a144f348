"""Destinations that fail in every way there is: each is tried again until it is well, and its chats keep their order."""

import asyncio
import os
import socket
import struct
import subprocess
import time
from dataclasses import dataclass, field

from deliveries import Chats, Destination, account, forget_what_waits, until_delivered, until_shipped
from long_bodies import peak_memory
from oracle import Instance
from world import Account, World

KINDS = ["500", "429", "hang", "trickle", "reset", "redirect", "flood"]
WELL = "well"
RETRY_AFTER = 2
FLOOD_BYTES = 10 << 30
MEMORY_BOUND = 256 << 20


@dataclass
class HostileDestination(Destination):
    """Does to the first attempts with each event what its path says; then it takes it."""

    bad_attempts: int = 1
    url: str = ""
    # When each event was asked for, and what its path was.
    asked: dict[str, list[float]] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    redirected: int = 0
    connections: int = 0
    flooded: int = 0

    async def open(self) -> str:
        self.url = await super().open()
        return self.url

    async def close(self) -> None:
        await super().close()
        # Whoever still hangs sees it by then.
        await asyncio.sleep(0.5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await super()._serve(reader, writer)

    async def answer(self, path: str, event: tuple[str, str], writer: asyncio.StreamWriter) -> bool:
        kind = path.strip("/")
        self.redirected += kind == "elsewhere"
        self.paths[event[0]] = kind
        attempts = self.asked.setdefault(event[0], [])
        attempts.append(time.monotonic())
        if kind == "flood":
            # Whose answer has begun with 200 has taken it, however long the rest.
            self.taken.append(event)
            await self._flood(writer)
            return False
        if kind == WELL or len(attempts) > self.bad_attempts:
            self.taken.append(event)
            writer.write(b"HTTP/1.1 200 -\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
            return True
        return await self._misbehave(kind, writer)

    async def _misbehave(self, kind: str, writer: asyncio.StreamWriter) -> bool:
        if kind == "500":
            writer.write(b"HTTP/1.1 500 -\r\ncontent-length: 0\r\n\r\n")
        elif kind == "429":
            writer.write(f"HTTP/1.1 429 -\r\nretry-after: {RETRY_AFTER}\r\ncontent-length: 0\r\n\r\n".encode())
        elif kind == "redirect":
            writer.write(f"HTTP/1.1 307 -\r\nlocation: {self.url}/elsewhere\r\ncontent-length: 0\r\n\r\n".encode())
        elif kind == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        else:
            # Until the sender has had enough: without a word, or with one now and then.
            for letter in b"HTTP/1.1 200 -\r\ncontent-length: 0":
                if kind == "trickle":
                    writer.write(bytes([letter]))
                    await writer.drain()
                await asyncio.sleep(0.2)
                if not self._server.is_serving():
                    break
            return False
        await writer.drain()
        return True

    async def _flood(self, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 -\r\ncontent-length: {FLOOD_BYTES}\r\n\r\n".encode())
        for _ in range(FLOOD_BYTES >> 20):
            writer.write(bytes(1 << 20))
            await writer.drain()
            self.flooded += 1 << 20


async def delivered_to_the_hostile(world: World, times: int) -> Account:
    """Each clinic's destination fails in a way of its own; all of them are private addresses, which are not called
    before the operator allows it."""
    chats, each = (3, 10) if world.seconds > 1 else (1, 3)
    kinds = [*KINDS, WELL]
    fleet = world.fleet[:len(kinds)]
    await forget_what_waits(world)
    destination = HostileDestination(bad_attempts=times)
    url = await destination.open()
    await asyncio.to_thread(_direct, world, list(zip(fleet, kinds)), url)
    mail = Chats(fleet, "HOSTILE", chats * len(kinds), each)
    gateway = world.gateway("hostile")
    try:
        async with asyncio.timeout(1_800 if world.seconds > 1 else 180):
            await gateway.start()
            await mail.post(gateway.address)
            await until_shipped(gateway)
            refused = (
                "SELECT count(DISTINCT destination) FROM hookgate.delivery_attempts a JOIN hookgate.events e "
                "ON e.id = a.event_id WHERE e.message_id LIKE 'HOSTILE-%'")
            while await world.postgres.ask(refused, "postgres") != [[str(len(kinds))]]:
                await asyncio.sleep(0.2)
            assert destination.connections == 0, "a private address was called"
            assert await gateway.terminate() == 0, "SIGTERM did not end with exit code 0"
            gateway.environment["HOOKGATE_DELIVER_PRIVATE_NETWORKS"] = "allow"
            await gateway.start()
            await until_delivered(world, mail)
            peak = peak_memory(gateway)
        assert await gateway.terminate() == 0, "SIGTERM did not end with exit code 0"
    finally:
        await destination.close()
        world.postgres.sql("DELETE FROM hookgate.destinations")
    print(
        f"     {destination.attempts} attempts for {mail.count} events; of answers of 10 GB each {destination.flooded >> 20} "
        f"MiB went out in all; at most {peak >> 20} MiB resident", flush=True)
    _judge(destination, times)
    assert peak < MEMORY_BOUND, f"{peak >> 20} MiB were resident"
    return account(mail, destination)


def _direct(world: World, kinds: list[tuple[Instance, str]], url: str) -> None:
    for instance, kind in kinds:
        clinic = world.postgres.sql(
            f"SELECT clinic_id FROM healthcare.integrations WHERE config->>'instance_name' = '{instance.name}'")[0][0]
        # A name that leads to this machine is found out when it is looked up; a number, at once.
        address = url.replace("127.0.0.1", "localhost") if kind == WELL else url
        subprocess.run(
            [world.binary, "destinations", "set", f"clinic:{clinic}", "--url", f"{address}/{kind}", "--timeout", "2s"],
            check=True, stdout=subprocess.DEVNULL, env={
                "PATH": os.environ["PATH"], "HOME": str(world.folder), "DATABASE_URL": world.postgres.url(),
                "HOOKGATE_DELIVER_PRIVATE_NETWORKS": "allow"})


def _judge(destination: HostileDestination, times: int) -> None:
    assert destination.redirected == 0, "a redirect was followed"
    for event, asked in destination.asked.items():
        kind = destination.paths[event]
        if kind in (WELL, "flood"):
            assert len(asked) == 1, f"{event} was sent {len(asked)} times where it was taken at once"
        else:
            assert len(asked) > times, f"{event} was sent {len(asked)} times where it is {kind}"
        if kind == "429":
            pauses = [later - earlier for earlier, later in zip(asked, asked[1:])]
            assert min(pauses) >= RETRY_AFTER, f"asked again after {min(pauses):.2f} s where {RETRY_AFTER} were asked for"
