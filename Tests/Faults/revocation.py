"""A token is revoked while the channel of changes is silently dead: it is refused within five seconds."""

import asyncio
import time
from dataclasses import dataclass

from oracle import Connection, body
from servers import Proxy
from world import World

# What design and manual promise while PostgreSQL answers and its channel is dead, in seconds.
PROMISE = 5.0


@dataclass
class Race:
    """How revocations went; the account of this scenario."""

    rounds: int = 0
    accepted_late: int = 0
    slowest: float = 0
    answers: int = 0
    resent: int = 0

    @property
    def holds(self) -> bool:
        return self.rounds > 0 and self.accepted_late == 0 and self.slowest <= PROMISE

    def __str__(self) -> str:
        return (
            f"{self.answers} answers in {self.rounds} rounds, accepted later than {PROMISE:.0f} s after the commit: "
            f"{self.accepted_late}; the slowest revocation took {self.slowest:.2f} s")


class DeafProxy(Proxy):
    """Lets everything through but what comes back on a connection that listens for notices."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            further_reader, further_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        is_deaf = asyncio.Event()
        for pipe in (self._ask(reader, further_writer, is_deaf), self._answer(further_reader, writer, is_deaf)):
            task = asyncio.create_task(pipe)
            self._pipes.add(task)
            task.add_done_callback(self._pipes.discard)

    async def _ask(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_deaf: asyncio.Event) -> None:
        try:
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
                if b"LISTEN" in data:
                    # Its own answer still passes, so that the gateway believes that it listens.
                    asyncio.get_running_loop().call_later(0.5, is_deaf.set)
        except OSError:
            pass
        finally:
            sink.close()

    async def _answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_deaf: asyncio.Event) -> None:
        try:
            while data := await source.read(65_536):
                if not is_deaf.is_set():
                    sink.write(data)
                    await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()


async def revoked_while_silent(world: World, times: int) -> Race:
    """Fifty connections use a token that is replaced by hand; the notice never comes."""
    way = DeafProxy(world.postgres.port)
    await way.open()
    gateway = world.gateway("revoked", DATABASE_URL=world.postgres.url(way.port))
    await gateway.start()
    race, instance = Race(), world.fleet[0]
    try:
        await asyncio.sleep(1)
        for number in range(times):
            token = world.postgres.sql(
                "UPDATE healthcare.integrations SET webhook_token = 'race-' || gen_random_uuid() "
                f"WHERE config->>'instance_name' = '{instance.name}' RETURNING webhook_token")[0][0]
            await _round(race, gateway.address, token, instance.name, world, number)
            race.rounds += 1
    finally:
        await way.shut()
        world.postgres.sql(
            f"UPDATE healthcare.integrations SET webhook_token = '{instance.token}' "
            f"WHERE config->>'instance_name' = '{instance.name}'")
    return race


async def _round(race: Race, address: tuple[str, int], token: str, name: str, world: World, number: int) -> None:
    commit: float | None = None
    refused = asyncio.Event()
    last_accepted = 0.0

    async def use(reader: int) -> None:
        nonlocal last_accepted
        connection, count = Connection(), 0
        while not refused.is_set() or time.monotonic() - (commit or 0) < PROMISE + 0.5:
            begun = time.monotonic()
            event_id = f"race-{number}-{reader}-{count}"
            count += 1
            answer = await connection.post([address], f"/webhooks/evolution/whatsapp/{token}", body(event_id, name))
            race.answers += 1
            if answer == "200":
                last_accepted = max(last_accepted, begun)
            elif answer == "403" and commit is not None:
                refused.set()
            if commit is not None and begun - commit > 2 * PROMISE:
                break
            await asyncio.sleep(0.01)
        connection.close()

    readers = [asyncio.create_task(use(reader)) for reader in range(50)]
    await asyncio.sleep(0.5)
    await asyncio.to_thread(
        world.postgres.sql,
        "UPDATE healthcare.integrations SET webhook_token = 'gone-' || gen_random_uuid() "
        f"WHERE webhook_token = '{token}'")
    commit = time.monotonic()
    await asyncio.gather(*readers)
    assert last_accepted > 0, "the token was never accepted, so nothing was raced"
    late = last_accepted - commit
    race.slowest = max(race.slowest, late)
    race.accepted_late += late > PROMISE
    assert refused.is_set(), "the revoked token was never refused with 403"
