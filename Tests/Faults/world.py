"""What one scenario runs in, and how its account is closed: nothing missing, nothing invented, nothing changed."""

import asyncio
import hashlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from oracle import Instance, Oracle, body
from servers import Gateway, Postgres, Proxy, Redis

INSTANCES = 40


@dataclass
class Account:
    """The result of one scenario."""

    owed: int
    missing: int
    spurious: int
    corrupted: int
    twice: int
    resent: int
    answers: dict[str, int]

    @property
    def holds(self) -> bool:
        wrong = [word for word in self.answers if word not in ("200", "503", "lost")]
        return self.owed > 0 and not (self.missing or self.spurious or self.corrupted or self.twice or wrong)

    def __str__(self) -> str:
        answers = ", ".join(f"{word}: {count}" for word, count in sorted(self.answers.items()))
        return (
            f"owed {self.owed}, missing {self.missing}, spurious {self.spurious}, corrupted {self.corrupted}, "
            f"stored twice {self.twice}; sent again {self.resent}; answers {answers}"
        )


class World:
    """Two stores, the ways to them, and a gateway. Everything lives below one folder."""

    def __init__(self, binary: Path, folder: Path, seconds: float, pairs: list[str] | None = None) -> None:
        self.binary, self.folder, self.seconds = binary, folder, seconds
        # Of a release and a failure, where not all of them are meant.
        self.pairs = [tuple(pair.split(":", 1)) for pair in pairs or []]
        self.postgres, self.redis = Postgres(folder / "postgres"), Redis(folder / "redis")
        self.way_to_postgres, self.way_to_redis = Proxy(self.postgres.port), Proxy(self.redis.port)
        self.fleet: list[Instance] = []
        self._gateways: list[Gateway] = []
        self._has_template = False

    async def start(self) -> None:
        await self.postgres.start()
        await self.redis.start()
        await self.way_to_postgres.open()
        await self.way_to_redis.open()
        self._apply_schema("postgres")
        self.postgres.sql(
            "INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled) "
            "SELECT gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active', "
            f"jsonb_build_object('instance_name', 'clinica-' || n), true FROM generate_series(1, {INSTANCES}) n")
        rows = self.postgres.sql("SELECT config->>'instance_name', webhook_token FROM healthcare.integrations")
        self.fleet = [Instance(name, token) for name, token in rows]

    def _apply_schema(self, database: str) -> None:
        url = self.postgres.url(database=database)
        subprocess.run(
            [self.binary, "schema", "apply"], check=True, stdout=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "DATABASE_URL": url})

    async def fresh_database(self, name: str) -> None:
        """One of its own, with the schema and nothing in it, for what must be apart from everything else."""
        if not self._has_template:
            self._has_template = True
            self.postgres.sql("CREATE DATABASE template_of_rehearsals")
            self._apply_schema("template_of_rehearsals")
        await self.postgres.ask(f"CREATE DATABASE {name} TEMPLATE template_of_rehearsals", "postgres")

    async def drop_database(self, name: str) -> None:
        await self.postgres.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", "postgres")

    async def end_gateways(self) -> None:
        """A scenario's gateways leave the database's connections to those of the next."""
        for gateway in self._gateways:
            if gateway.process is not None and gateway.process.poll() is None:
                await gateway.kill()
        self._gateways.clear()

    async def end(self) -> None:
        await self.end_gateways()
        await self.way_to_postgres.shut()
        await self.way_to_redis.shut()
        for server in (self.redis, self.postgres):
            if server.process is not None:
                server.process.send_signal(signal.SIGCONT)
        await self.redis.kill()
        await self.postgres.stop()

    def gateway(self, name: str, folder: Path | None = None, **environment: str) -> Gateway:
        made = Gateway(
            self.binary, folder or self.folder / name,
            {
                "DATABASE_URL": self.postgres.url(self.way_to_postgres.port),
                "REDIS_URL": f"redis://127.0.0.1:{self.way_to_redis.port}/0", **environment,
            })
        self._gateways.append(made)
        return made

    def oracle(self, prefix: str, *gateways: Gateway) -> Oracle:
        return Oracle(self.fleet, [gateway.address for gateway in gateways], f"{prefix}-{os.getpid()}-{time.time_ns()}")

    def duplicates(self) -> int:
        """What came again though it was stored, and was recognised."""
        return int(self.postgres.sql("SELECT coalesce(sum(count), 0) FROM hookgate.duplicate_counts")[0][0])

    async def settle(self, oracle: Oracle, *gateways: Gateway) -> Account:
        """Ends the load, proves that a fresh event passes, waits until the spools are empty, and counts."""
        await oracle.stop()
        await oracle.send_once(timeout=30)
        for gateway in gateways:
            await gateway.emptied()
        return self._account(oracle)

    def _account(self, oracle: Oracle) -> Account:
        rows = self.postgres.sql(
            "SELECT e.message_id, count(*), min(encode(sha256(b.body), 'hex')) FROM hookgate.events e "
            f"JOIN hookgate.event_bodies b USING (day, id) WHERE e.message_id LIKE '{oracle.prefix}-%' GROUP BY 1")
        stored = {event_id: (int(count), digest) for event_id, count, digest in rows}
        return Account(
            owed=len(oracle.owed),
            missing=len(oracle.owed - stored.keys()),
            spurious=len(stored.keys() - oracle.sent.keys()),
            corrupted=sum(
                hashlib.sha256(body(event_id, oracle.sent[event_id])).hexdigest() != digest
                for event_id, (_, digest) in stored.items() if event_id in oracle.sent),
            twice=sum(count > 1 for count, _ in stored.values()),
            resent=len(oracle.resent), answers=oracle.answers)
