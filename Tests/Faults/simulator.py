"""A simulated Evolution server as a process, in every release that differs from the others, and with every failure."""

import asyncio
import json
import subprocess
from pathlib import Path

from servers import free_port

# 2.1.0 speaks as 2.0 does.
RELEASES = ["1.7.5", "1.8.6", "2.0.10", "2.2.3", "2.3.7", "2.4.0"]
MODES = [
    "none", "accepted-without-effect", "delayed-write", "null-find", "stale-find", "other-editor", "other-events",
    "fail-before-write", "fail-after-write", "reset-before-write", "reset-after-write", "restart-after-set",
    "licence-inactive", "key-refused", "instance-gone", "gateway-error", "too-many-requests", "redirect",
    "truncated-answer", "hang",
]
KEY = "faults-key"
# What another editor sets.
OTHER = "https://other.example.test/hook"
# Of somebody's own, beside which ours has to live.
OWN_HEADER = {"x-own": "kept"}


class Simulator:
    """One `hookgate-evolution-sim`, with instances that are connected and post to the URL that they are given."""

    def __init__(self, binary: Path, release: str, instances: dict[str, str], log: Path) -> None:
        self.release, self.port = release, free_port()
        arguments = [f"--instance={name}={url}" for name, url in instances.items()]
        with open(log, "ab") as file:
            self.process = subprocess.Popen(
                [binary, "--release", release, "--port", str(self.port), "--key", KEY, *arguments],
                stdout=file, stderr=file)

    @property
    def major(self) -> tuple[int, int]:
        first, second, _ = self.release.split(".")
        return int(first), int(second)

    @property
    def keeps_headers(self) -> bool:
        return self.major >= (2, 2)

    async def ready(self) -> None:
        async with asyncio.timeout(30):
            while await self.call("GET", "/__simulator/instances") is None:
                await asyncio.sleep(0.02)

    async def call(self, method: str, path: str, body: dict | None = None) -> object:
        """The answer's document; nothing where nobody answers, or not with yes."""
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\napikey: {KEY}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n")
        try:
            async with asyncio.timeout(20):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    writer.write(head.encode() + content)
                    answer = await reader.read()
                finally:
                    writer.close()
            head, _, text = answer.partition(b"\r\n\r\n")
            return json.loads(text) if head.split()[1].startswith(b"2") else None
        except (OSError, TimeoutError, IndexError, ValueError):
            return None

    async def settings(self, name: str) -> dict:
        """As they are kept, but for the time of writing: what 2.x cannot be given back is told as what it takes."""
        return _comparable(await self.call("GET", f"/webhook/find/{name}"))

    async def stored(self) -> dict[str, dict]:
        """The settings of all instances as they lie in the database, past all failures."""
        return {one["name"]: _comparable(one["webhook"]) for one in await self.call("GET", "/__simulator/instances")}

    async def arrange(self, name: str, url: str) -> dict:
        """Settings as somebody made them who wanted few events, each at a URL of its own; they are returned."""
        wanted = {"enabled": True, "url": url, "events": ["MESSAGES_UPSERT", "CALL"]}
        if self.major < (2, 0):
            body = {**wanted, "webhook_by_events": True, "webhook_base64": False}
        elif self.major < (2, 2):
            body = {**wanted, "webhookByEvents": True, "webhookBase64": False}
        else:
            body = {"webhook": {**wanted, "byEvents": True, "base64": False, "headers": OWN_HEADER}}
        # Twice, so that what stood there before is the same: a stale answer tells of nothing older.
        for _ in range(2):
            await self.call("POST", f"/webhook/set/{name}", body)
            async with asyncio.timeout(10):
                while (settings := await self.settings(name)).get("events") != wanted["events"]:
                    await asyncio.sleep(0.02)
        return settings

    async def fail(self, mode: str, name: str, times: int = 1) -> None:
        """The next call of an instance, of the kind that it can befall, goes wrong."""
        if mode != "none":
            await self.call("POST", "/__simulator/failures", {"mode": mode, "instance": name, "times": times})

    async def mend(self) -> None:
        await self.call("DELETE", "/__simulator/failures")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def _comparable(settings: dict | None) -> dict:
    return {key: {} if key == "headers" and value is None else value
            for key, value in (settings or {}).items() if key != "updatedAt"}
