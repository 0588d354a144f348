"""Deliveries to a destination that fails now and then, by gateways that are killed: nothing lost, no chat turned round."""

import asyncio
import hashlib
import json
import random
from dataclasses import dataclass, field

from oracle import Connection
from servers import Gateway
from world import Account, World

FAILING_SHARE = 0.2
GATEWAYS = 3


@dataclass
class Destination:
    """A backend that takes four of five deliveries, and remembers what it took in which order."""

    taken: list[tuple[str, str]] = field(default_factory=list)
    attempts: int = 0
    _server: asyncio.Server | None = None

    async def open(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        return "http://127.0.0.1:%d/events" % self._server.sockets[0].getsockname()[1]

    async def until_taken(self, count: int) -> None:
        while len(self.taken) < count:
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                body = await reader.readexactly(int(fields["content-length"]))
                self.attempts += 1
                fails = random.random() < FAILING_SHARE
                if not fails:
                    self.taken.append((json.loads(body)["data"]["key"]["id"], hashlib.sha256(body).hexdigest()))
                writer.write(f"HTTP/1.1 {503 if fails else 200} -\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (OSError, EOFError):
            writer.close()


class Chats:
    """Chats whose messages were accepted one after the other."""

    def __init__(self, world: World, prefix: str, chats: int, each: int) -> None:
        self.prefix = prefix
        self._fleet, self._chats, self._each = world.fleet, chats, each
        self.count = chats * each
        self.sent: dict[str, str] = {}
        self.answers: dict[str, int] = {}

    async def post(self, address: tuple[str, int]) -> None:
        await asyncio.gather(*(self._post_chat(chat, address) for chat in range(self._chats)))

    async def _post_chat(self, chat: int, address: tuple[str, int]) -> None:
        instance, connection = self._fleet[chat % len(self._fleet)], Connection()
        for number in range(self._each):
            message = f"{self.prefix}-{chat}-{number}"
            key = {"remoteJid": f"5511{chat:09d}@s.whatsapp.net", "fromMe": False, "id": message}
            body = json.dumps({
                "event": "messages.upsert", "instance": instance.name,
                "data": {"key": key, "message": {"conversation": "x" * 200}}}).encode()
            answer = await connection.post([address], f"/webhooks/evolution/whatsapp/{instance.token}", body)
            self.answers[answer] = self.answers.get(answer, 0) + 1
            if answer == "200":
                self.sent[message] = hashlib.sha256(body).hexdigest()
        connection.close()

    def inversions(self, taken: list[tuple[str, str]]) -> int:
        """Of what was taken for the first time, how often something earlier of its chat came later."""
        latest: dict[str, int] = {}
        seen: set[str] = set()
        count = 0
        for message, _ in taken:
            if message in seen:
                continue
            seen.add(message)
            _, chat, number = message.split("-")
            count += int(number) < latest.get(chat, -1)
            latest[chat] = max(int(number), latest.get(chat, -1))
        return count


async def delivered_by_the_killed(world: World, times: int) -> Account:
    """Three gateways deliver, one after the other is killed, and a fifth of all attempts fails."""
    is_whole = world.seconds > 1
    chats = Chats(world, "KILLED", *((200, 500) if is_whole else (12, 6)))
    await forget_what_waits(world)
    intake = world.gateway("delivered-intake")
    await intake.start()
    await chats.post(intake.address)
    async with asyncio.timeout(300):
        await until_shipped(intake)
    assert await intake.terminate() == 0, "SIGTERM did not end with exit code 0"
    destination = Destination()
    url = await destination.open()
    gateways = [world.gateway(f"delivered-{number}", HOOKGATE_DELIVER_URL=url) for number in range(GATEWAYS)]
    for gateway in gateways:
        await gateway.start()
    try:
        async with asyncio.timeout(3_600 if is_whole else 180):
            for number in range(times):
                await destination.until_taken(len(chats.sent) * (number + 1) // (times + 2))
                await gateways[number % GATEWAYS].kill()
                await gateways[number % GATEWAYS].start()
            await until_delivered(world, chats)
        for gateway in gateways:
            assert await gateway.terminate() == 0, "SIGTERM did not end with exit code 0"
    finally:
        await destination.close()
    return account(chats, destination)


async def delivered_through_an_outage(world: World, times: int) -> Account:
    """PostgreSQL dies under delivery and stays away; what is accepted meanwhile is delivered when it is back."""
    is_whole = world.seconds > 1
    chats = Chats(world, "OUTAGE", *((100, 100) if is_whole else (12, 10)))
    await forget_what_waits(world)
    destination = Destination()
    gateway = world.gateway("delivered-outage", HOOKGATE_DELIVER_URL=await destination.open())
    await gateway.start()
    try:
        posting = asyncio.create_task(chats.post(gateway.address))
        async with asyncio.timeout(1_800 if is_whole else 180):
            for number in range(times):
                await destination.until_taken(chats.count * (number + 1) // (times + 2))
                await world.postgres.kill()
                await asyncio.sleep(2 * world.seconds)
                await world.postgres.start()
            await posting
            await until_shipped(gateway)
            await until_delivered(world, chats)
        assert await gateway.terminate() == 0, "SIGTERM did not end with exit code 0"
    finally:
        await destination.close()
    return account(chats, destination)


async def forget_what_waits(world: World) -> None:
    """What other scenarios left is not for this destination."""
    await asyncio.to_thread(
        world.postgres.sql, "UPDATE hookgate.events SET state = 'discarded' WHERE state = 'pending'")


async def until_shipped(gateway: Gateway) -> None:
    while await gateway.metric("hookgate_spool_depth_records") != 0:
        await asyncio.sleep(0.05)


async def until_delivered(world: World, chats: Chats) -> None:
    waiting = f"SELECT count(*) FROM hookgate.events WHERE state = 'pending' AND message_id LIKE '{chats.prefix}-%'"
    while await asyncio.to_thread(world.postgres.sql, waiting) != [["0"]]:
        await asyncio.sleep(0.5)


def account(chats: Chats, destination: Destination) -> Account:
    inversions = chats.inversions(destination.taken)
    assert inversions == 0, f"{inversions} events came before an earlier one of their chat"
    assert destination.attempts > len(destination.taken), "no attempt failed: the run has proved nothing"
    taken = dict(destination.taken)
    return Account(
        owed=len(chats.sent), missing=len(chats.sent.keys() - taken.keys()),
        spurious=len(taken.keys() - chats.sent.keys()),
        corrupted=sum(chats.sent.get(message) != digest for message, digest in destination.taken),
        twice=0, resent=len(destination.taken) - len(taken), answers=chats.answers)
