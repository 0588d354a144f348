"""Deliveries to a destination that fails now and then, by gateways that are killed: nothing lost, no chat turned round."""

import asyncio
import hashlib
import json
import random
from dataclasses import dataclass, field

from oracle import Connection, Instance
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
    # Gateways by the paths that they send to, of which the next that sends is to be killed, and the one that was.
    _victims: dict[str, Gateway] = field(default_factory=dict)
    _struck: Gateway | None = None

    async def open(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        return "http://127.0.0.1:%d" % self._server.sockets[0].getsockname()[1]

    async def until_taken(self, count: int) -> None:
        while len(self.taken) < count:
            await asyncio.sleep(0.02)

    async def strike(self, victims: dict[str, Gateway], total: int) -> Gateway | None:
        """Kills one of these gateways when it has sent an event and cannot know that it was taken; none if they send
        nothing any more."""
        self._victims, self._struck = victims, None
        while self._struck is None and len(dict(self.taken)) < total:
            await asyncio.sleep(0.02)
        self._victims = {}
        return self._struck

    async def close(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                path = head.split()[1]
                fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                body = await reader.readexactly(int(fields["content-length"]))
                self.attempts += 1
                event = (json.loads(body)["data"]["key"]["id"], hashlib.sha256(body).hexdigest())
                if not await self.answer(path, event, writer):
                    return
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    async def answer(self, path: str, event: tuple[str, str], writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stands afterwards."""
        fails = random.random() < FAILING_SHARE
        if not fails:
            self.taken.append(event)
            if path in self._victims:
                self._struck = self._victims[path]
                self._struck.process.kill()
                self._victims = {}
                return False
        writer.write(f"HTTP/1.1 {503 if fails else 200} -\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        return True


class Chats:
    """Chats whose messages were accepted one after the other."""

    def __init__(self, fleet: list[Instance], prefix: str, chats: int, each: int) -> None:
        self.prefix = prefix
        self._fleet, self._chats, self._each = fleet, chats, each
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
    """Three gateways deliver, one after the other is killed when it has sent an event and not written down that it was
    taken, and a fifth of all attempts fails."""
    is_whole = world.seconds > 1
    chats = Chats(world.fleet, "KILLED", *((200, 500) if is_whole else (12, 6)))
    await forget_what_waits(world)
    intake = world.gateway("delivered-intake")
    await intake.start()
    await chats.post(intake.address)
    async with asyncio.timeout(300):
        await until_shipped(intake)
    assert await intake.terminate() == 0, "SIGTERM did not end with exit code 0"
    destination, struck, last = Destination(), 0, None
    url = await destination.open()
    gateways = {
        f"/{number}": world.gateway(f"delivered-{number}", HOOKGATE_DELIVER_URL=f"{url}/{number}")
        for number in range(GATEWAYS)}
    for gateway in gateways.values():
        await gateway.start()
    try:
        async with asyncio.timeout(3_600 if is_whole else 180):
            for number in range(times):
                await destination.until_taken(len(chats.sent) * (number + 1) // (times + 2))
                # Not the same twice in a row.
                others = {path: gateway for path, gateway in gateways.items() if gateway is not last}
                gateway = await destination.strike(others, len(chats.sent))
                if gateway is None:
                    break
                struck, last = struck + 1, gateway
                await gateway.kill()
                await gateway.start()
            await until_delivered(world, chats)
        for gateway in gateways.values():
            assert await gateway.terminate() == 0, "SIGTERM did not end with exit code 0"
    finally:
        await destination.close()
    result = account(chats, destination)
    assert struck > 0, "no gateway was killed between sending and writing down: the run has proved nothing"
    assert result.resent >= struck, f"{struck} events were not written down, and {result.resent} came again"
    return result


async def delivered_through_an_outage(world: World, times: int) -> Account:
    """PostgreSQL dies under delivery and stays away; what is accepted meanwhile is delivered when it is back."""
    is_whole = world.seconds > 1
    chats = Chats(world.fleet, "OUTAGE", *((100, 100) if is_whole else (12, 10)))
    await forget_what_waits(world)
    destination = Destination()
    gateway = world.gateway("delivered-outage", HOOKGATE_DELIVER_URL=await destination.open() + "/events")
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
