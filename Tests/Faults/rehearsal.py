"""What commands are killed in: a database, a gateway and a simulated server, for one release and one failure each."""

import asyncio
import itertools
import os
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from gate import StatementGate, Steps, WebGate
from servers import Gateway
from simulator import KEY, MODES, OTHER, RELEASES, Simulator
from world import World

# More than any command has, retries included: one that is not stopped by then would go on for ever.
MOST_STEPS = 60
# Pairs at the same time; most of a pair's time is waiting.
WIDTH = 12


@dataclass
class KillAccount:
    """What became of all that was killed, and of the events that were posted meanwhile."""

    kills: int = 0
    instances: int = 0
    delivered: int = 0
    missing: int = 0
    twice: int = 0
    resent: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.kills > 0 and self.delivered > 0 and not (self.missing or self.twice or self.wrong)

    def __str__(self) -> str:
        words = "".join(f"\n     {word}" for word in self.wrong[:20])
        return (
            f"{self.kills} kills over {self.instances} instances, {self.delivered} events delivered meanwhile, "
            f"missing {self.missing}, stored twice {self.twice}; ended as they must not: {len(self.wrong)}{words}")


class Rehearsal:
    """One release and one failure, apart from all others, and gates at which a command can be stopped."""

    def __init__(self, world: World, account: KillAccount, release: str, mode: str, kind: str) -> None:
        self.world, self.account, self.release, self.mode = world, account, release, mode
        self.name = f"{kind}-{release.replace('.', '')}-{mode}"
        self.database = self.name.replace("-", "_")
        self.steps = Steps()
        self.gateway = Gateway(
            world.binary, world.folder / self.name,
            {"DATABASE_URL": world.postgres.url(database=self.database), "HOOKGATE_SECOND_FACTOR_MODE": "enforce"})
        self.public = WebGate(self.gateway.port, self.steps, lambda head: b"x-hookgate-probe" in head)
        self.statements = StatementGate(world.postgres.port, self.steps)
        # Instances that get messages, and how many those were.
        self.posting: list[str] = []
        self._posted = 0
        self._pump: asyncio.Task | None = None
        self.simulator: Simulator | None = None
        self.evolution: WebGate | None = None

    async def start(self, names: list[str]) -> None:
        """With instances that post to the old URL; they have no integrations yet."""
        await self.world.fresh_database(self.database)
        await self.gateway.start()
        await self.public.open()
        await self.statements.open()
        beside = self.world.binary.parent / "hookgate-evolution-sim"
        binary = beside if beside.exists() else self.world.binary.parents[1] / "debug" / "hookgate-evolution-sim"
        self.simulator = Simulator(
            binary, self.release, {name: self.old_url(name) for name in names}, self.world.folder / "simulator.log")
        await self.simulator.ready()
        self.evolution = WebGate(self.simulator.port, self.steps)
        await self.evolution.open()
        self._pump = asyncio.create_task(self._post())

    async def end(self) -> None:
        if self._pump is not None:
            await self._be_quiet()
        for gate in (self.evolution, self.statements, self.public):
            if gate is not None:
                await gate.shut()
        if self.simulator is not None:
            self.simulator.end()
        if self.gateway.process is not None and self.gateway.process.poll() is None:
            await self.gateway.kill()
        await self.world.drop_database(self.database)

    def old_url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.public.port}/webhooks/evolution/{name}"

    async def sql(self, statement: str) -> list[list[str]]:
        return await self.world.postgres.ask(statement, self.database)

    async def token_urls(self) -> dict[str, str]:
        rows = await self.sql("SELECT config->>'instance_name', webhook_token FROM healthcare.integrations")
        return {
            name: f"http://127.0.0.1:{self.public.port}/webhooks/evolution/whatsapp/{token}" for name, token in rows}

    def wrong(self, what: str) -> None:
        self.account.wrong.append(f"{self.name}: {what}")

    # Commands, and how they die

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.world.folder), "LOG_LEVEL": "error",
            "DATABASE_URL": self.world.postgres.url(self.statements.port, self.database),
            **self.servers(self.evolution.port),
        }

    def servers(self, port: int) -> dict[str, str]:
        return {
            "EVOLUTION_API_URL": f"http://127.0.0.1:{port}", "EVOLUTION_API_KEY": KEY,
            "HOOKGATE_PUBLIC_URL": f"http://127.0.0.1:{self.public.port}",
        }

    async def _command(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            str(self.world.binary), *arguments, env=self._environment(), stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT)

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Once more, while the server has not noticed that the one before was killed, and keeps its lock."""
        for _ in range(20):
            process = await self._command(*arguments)
            async with asyncio.timeout(300):
                output, _ = await process.communicate()
            if process.returncode == 0 or b"another hookgate" not in output:
                break
            await asyncio.sleep(0.1)
        return process.returncode, output.decode()

    async def kill(self, step: int, after: bool, *arguments: str) -> bool:
        """Kills a command at a step; where a failure ended it before, the same command is begun again. False when it
        came to its end without so many steps."""
        for _ in range(3):
            was_reached, was_begun, code = await self._run_to(step, after, *arguments)
            if was_reached or code == 0:
                break
        self.account.kills += was_reached
        # A request that hung is no end: steps came after it.
        return was_reached or was_begun

    async def _run_to(self, step: int, after: bool, *arguments: str) -> tuple[bool, bool, int]:
        self.steps.begin(step, after)
        process = await self._command(*arguments)
        ending = asyncio.create_task(process.communicate())
        reached = asyncio.create_task(self.steps.reached.wait())
        try:
            over, _ = await asyncio.wait([ending, reached], return_when=asyncio.FIRST_COMPLETED, timeout=300)
            was_reached, was_begun = self.steps.reached.is_set(), self.steps.was_begun
            if process.returncode is None:
                process.kill()
            await ending
        finally:
            self.steps.end()
            reached.cancel()
        if not over:
            raise TimeoutError(f"{self.name}: {' '.join(arguments)} neither ends nor goes on")
        return was_reached, was_begun, process.returncode

    # Events

    async def _post(self) -> None:
        """Messages come throughout, each to wherever the settings of its instance say at that moment."""
        for number in itertools.count():
            if self.posting:
                await self.message(self.posting[number % len(self.posting)])
            await asyncio.sleep(0.05)

    async def _be_quiet(self) -> None:
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)

    async def message(self, name: str) -> None:
        sent = await self.simulator.call("POST", "/__simulator/messages", {"instance": name, "text": "Olá"})
        self._posted += sent is not None

    async def count_events(self) -> None:
        """Each message went out; each that was answered is in the inbox, once; and none was given up or forgotten, but
        by a server that was made to restart."""
        await self._be_quiet()
        async with asyncio.timeout(120):
            while True:
                deliveries = await self.simulator.call("GET", "/__simulator/deliveries")
                messages = [one for one in deliveries if one["message"]]
                ours = [one for one in messages if not one["url"].startswith(OTHER)]
                if all(one["state"] != "pending" for one in ours):
                    break
                await asyncio.sleep(0.1)
            while await self.gateway.metric("hookgate_spool_depth_records") != 0:
                await asyncio.sleep(0.05)
        rows = await self.sql(
            "SELECT message_id, count(*) FROM hookgate.events "
            "WHERE message_id IS NOT NULL AND state = 'pending' GROUP BY 1")
        stored = {message: int(count) for message, count in rows}
        delivered = {one["message"] for one in ours if one["state"] == "delivered"}
        lost = [one for one in ours if one["state"] not in ("delivered", "lost")]
        if self.mode != "restart-after-set":
            lost += [one for one in ours if one["state"] == "lost"]
        account = self.account
        account.delivered += len(delivered)
        flaws = {
            "answered and not in the inbox": len(delivered - stored.keys()), "given up or forgotten": len(lost),
            # One that keeps another list of events sends no messages while it has that.
            "nowhere sent to": 0 if self.mode == "other-events" else max(0, self._posted - len(messages))}
        account.missing += sum(flaws.values())
        for flaw, count in flaws.items():
            if count:
                self.wrong(f"{count} messages {flaw}")
        account.twice += sum(count > 1 for count in stored.values())
        account.resent += sum(len(one["attempts"]) > 1 for one in ours)


async def for_each_pair(
    world: World, account: KillAccount, times: int, body: Callable[[str, str, bool], Awaitable[None]],
) -> None:
    """All pairs of a release and a failure, several at the same time; or so many of them, chosen by chance."""
    pairs = list(itertools.product(RELEASES, MODES))
    is_whole = times >= len(pairs)
    # A server that hangs costs a quarter of a minute each time: those begin first, and none is among a few.
    chosen = sorted(pairs, key=lambda pair: pair[1] != "hang")
    if world.pairs:
        chosen = world.pairs
    elif not is_whole:
        chosen = random.sample([pair for pair in pairs if pair[1] != "hang"], times)
    places = asyncio.Semaphore(WIDTH)
    done = 0

    async def one(release: str, mode: str) -> None:
        nonlocal done
        async with places:
            try:
                await body(release, mode, is_whole)
            except Exception as error:
                account.wrong.append(f"{release} {mode}: {type(error).__name__}: {error or 'it took too long'}")
        done += 1
        if done % 20 == 0:
            print(f"     {done} of {len(chosen)} pairs, {account.kills} kills, wrong {len(account.wrong)}", flush=True)

    async with asyncio.TaskGroup() as group:
        for release, mode in chosen:
            group.create_task(one(release, mode))


def steps(is_whole: bool, few: Iterable[int]) -> Iterable[tuple[int, bool]]:
    """Every step until a run has no further one, each after it was done and before its caller knew: nothing that others
    see happens between that and the next. Or a few, before and after."""
    if is_whole:
        return ((step, True) for step in range(1, MOST_STEPS + 1))
    return [(step, number % 2 == 0) for number, step in enumerate(few)]
