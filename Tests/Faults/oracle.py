"""The sender and its memory: every id it sends, and every id whose 200 makes it an obligation."""

import asyncio
import hashlib
import json
import random
from dataclasses import dataclass, field

ACCEPTED = {"ok", "duplicate", "quarantined", "undecided"}


@dataclass
class Instance:
    name: str
    token: str


def body(event_id: str, instance: str) -> bytes:
    """The one body of an id, so that the stored bytes can be compared without keeping them. One in fifty is long."""
    seed = hashlib.sha256(event_id.encode()).hexdigest()
    text = seed * (4_000 if int(seed[:4], 16) % 50 == 0 else 4)
    message = {
        "event": "messages.upsert",
        "instance": instance,
        "data": {
            "key": {"remoteJid": f"55119{seed[:8]}@s.whatsapp.net", "fromMe": False, "id": event_id},
            "message": {"conversation": text},
            "messageType": "conversation",
            "messageTimestamp": 1_761_000_000,
        },
    }
    return json.dumps(message, separators=(",", ":")).encode()


@dataclass
class Oracle:
    """Sends on several connections at once until it is told to stop; whatever has no 200 is sent again."""

    fleet: list[Instance]
    addresses: list[tuple[str, int]]
    prefix: str
    width: int = 24
    sent: dict[str, str] = field(default_factory=dict)
    owed: set[str] = field(default_factory=set)
    resent: set[str] = field(default_factory=set)
    answers: dict[str, int] = field(default_factory=dict)
    _number: int = 0
    _stopping: bool = False
    _workers: list[asyncio.Task] = field(default_factory=list)

    def start(self) -> None:
        self._stopping = False
        self._workers = [asyncio.create_task(self._work(n)) for n in range(self.width)]

    async def stop(self) -> None:
        """Lets each worker finish the event in its hands, so long as somebody answers."""
        self._stopping = True
        await asyncio.wait(self._workers, timeout=20)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def send_once(self, timeout: float = 10) -> str:
        """One fresh event, which must be accepted within the time; returns its id."""
        event_id, instance = self._next()
        async with asyncio.timeout(timeout):
            await self._deliver(event_id, instance, Connection())
        return event_id

    async def until_owed(self, more: int, timeout: float) -> None:
        """Waits until that many further events were answered with 200."""
        goal = len(self.owed) + more
        async with asyncio.timeout(timeout):
            while len(self.owed) < goal:
                await asyncio.sleep(0.002)

    async def until_refused(self, timeout: float) -> None:
        """Waits until the gateway has answered a further 503."""
        before = self.answers.get("503", 0)
        async with asyncio.timeout(timeout):
            while self.answers.get("503", 0) == before:
                await asyncio.sleep(0.01)

    def _next(self) -> tuple[str, Instance]:
        self._number += 1
        return f"{self.prefix}-{self._number}", random.choice(self.fleet)

    async def _work(self, number: int) -> None:
        connection = Connection(number)
        while not self._stopping:
            event_id, instance = self._next()
            await self._deliver(event_id, instance, connection)
        connection.close()

    async def _deliver(self, event_id: str, instance: Instance, connection: "Connection") -> None:
        payload = body(event_id, instance.name)
        on_token_route = hash(event_id) % 2 == 0
        path = f"whatsapp/{instance.token}" if on_token_route else instance.name
        while True:
            if event_id in self.sent:
                self.resent.add(event_id)
            self.sent[event_id] = instance.name
            answer = await connection.post(self.addresses, f"/webhooks/evolution/{path}", payload)
            self.answers[answer] = self.answers.get(answer, 0) + 1
            if answer == "200":
                self.owed.add(event_id)
                return
            await asyncio.sleep(0.02)


class Connection:
    """One keep-alive connection. An answer is its status, "lost" when none came, or the words of a wrong 200."""

    def __init__(self, offset: int = 0) -> None:
        self._offset = offset
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, addresses: list[tuple[str, int]], path: str, payload: bytes) -> str:
        try:
            async with asyncio.timeout(30):
                if self._writer is None:
                    host, port = addresses[self._offset % len(addresses)]
                    self._reader, self._writer = await asyncio.open_connection(host, port)
                return await self._exchange(path, payload)
        except (OSError, EOFError, TimeoutError, ValueError, IndexError):
            self.close()
            # The next attempt goes to the next gateway, as a load balancer would send it.
            self._offset += 1
            return "lost"

    async def _exchange(self, path: str, payload: bytes) -> str:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(payload)}\r\n\r\n"
        )
        self._writer.write(head.encode() + payload)
        await self._writer.drain()
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        status = lines[0].split()[1]
        fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        answer = await self._reader.readexactly(int(fields.get("content-length", "0")))
        if fields.get("connection") == "close":
            self.close()
        if status == "200" and json.loads(answer).get("status") not in ACCEPTED:
            return f"200 with {answer[:80]!r}"
        return status

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
