"""Switch-overs and rollbacks that are killed at every step, against every release of Evolution and every way it fails."""

import asyncio
import itertools
import json
import os
import random
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from gate import Gate, Steps
from servers import Gateway, free_port
from world import World

RELEASES = ["1.7.5", "1.8.6", "2.1.0", "2.2.3", "2.3.7", "2.4.0"]
MODES = [
    "none", "accepted-without-effect", "delayed-write", "null-find", "stale-find", "other-editor", "other-events",
    "fail-before-write", "fail-after-write", "reset-before-write", "reset-after-write", "restart-after-set",
    "licence-inactive", "key-refused", "instance-gone", "gateway-error", "too-many-requests", "redirect",
    "truncated-answer", "hang",
]
KEY = "faults-key"
# More than a switch-over asks for, retries included: a run that is not killed by then has ended.
MOST_STEPS = 14
OTHER = "https://other.example.test/hook"


@dataclass
class SwitchAccount:
    """What became of all that was killed, and of the events that were posted meanwhile."""

    kills: int = 0
    instances: int = 0
    delivered: int = 0
    missing: int = 0
    resent: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.kills > 0 and self.delivered > 0 and not self.missing and not self.wrong

    def __str__(self) -> str:
        words = "; ".join(self.wrong[:5])
        return (
            f"{self.kills} kills over {self.instances} instances, {self.delivered} events delivered meanwhile, "
            f"missing {self.missing}; ended neither switched nor as before: {len(self.wrong)} {words}"
        )


class Simulator:
    """One `hookgate-evolution-sim`, whose instances post to the old URLs of a gateway."""

    def __init__(self, binary: Path, release: str, names: list[str], url: str, log: Path) -> None:
        self.port = free_port()
        arguments = [f"--instance={name}={url}/webhooks/evolution/{name}" for name in names]
        with open(log, "ab") as file:
            self.process = subprocess.Popen(
                [binary, "--release", release, "--port", str(self.port), "--key", KEY, *arguments],
                stdout=file, stderr=file)

    async def ready(self) -> None:
        async with asyncio.timeout(30):
            while await self.call("GET", "/__simulator/instances") is None:
                await asyncio.sleep(0.02)

    async def call(self, method: str, path: str, body: dict | None = None) -> object:
        """The answer's document; nothing where nobody answers."""
        return await asyncio.to_thread(self._call, method, path, body)

    def _call(self, method: str, path: str, body: dict | None) -> object:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method, headers={"apikey": KEY, "content-type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read())
        except (OSError, urllib.error.URLError):
            return None

    async def settings(self, name: str) -> dict:
        """As they are kept, but for the time of writing: what 2.x cannot be given back is told as what it takes."""
        found = await self.call("GET", f"/webhook/find/{name}")
        return {key: {} if key == "headers" and value is None else value
                for key, value in (found or {}).items() if key != "updatedAt"}

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Rehearsal:
    """A gateway, a simulator before it, and gates at which a command can be stopped."""

    def __init__(self, world: World, gateway: Gateway, account: SwitchAccount) -> None:
        self.world, self.gateway, self.account = world, gateway, account
        self.steps = Steps()
        self.public = Gate(gateway.port, self.steps, lambda head: b"x-hookgate-probe" in head)
        self.simulator: Simulator | None = None
        self.evolution: Gate | None = None
        self._pump: asyncio.Task | None = None

    async def start(self, release: str, names: list[str]) -> None:
        listed = ", ".join(f"('{name}')" for name in names)
        self.world.postgres.sql(
            "INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled) "
            "SELECT gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active', "
            f"jsonb_build_object('instance_name', name), true FROM (VALUES {listed}) AS names (name)")
        await self.public.open()
        beside = self.world.binary.parent / "hookgate-evolution-sim"
        binary = beside if beside.exists() else self.world.binary.parents[1] / "debug" / "hookgate-evolution-sim"
        self.simulator = Simulator(
            binary, release, names, f"http://127.0.0.1:{self.public.port}", self.world.folder / "simulator.log")
        await self.simulator.ready()
        self.evolution = Gate(self.simulator.port, self.steps)
        await self.evolution.open()
        self._pump = asyncio.create_task(self._post(names))

    async def _post(self, names: list[str]) -> None:
        """Messages come throughout, each to wherever the settings of its instance say at that moment."""
        for name in itertools.cycle(names):
            await self.simulator.call("POST", "/__simulator/messages", {"instance": name, "text": "Olá"})
            await asyncio.sleep(0.01)

    async def end(self) -> None:
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        await self._count()
        await self.evolution.shut()
        await self.public.shut()
        self.simulator.end()

    async def _count(self) -> None:
        """Every message whose delivery was answered is in the inbox, and none was given up."""
        async with asyncio.timeout(60):
            while True:
                all_of_it = await self.simulator.call("GET", "/__simulator/deliveries")
                ours = [one for one in all_of_it if one["message"] and one["url"] != OTHER]
                if all(one["state"] != "pending" for one in ours):
                    break
                await asyncio.sleep(0.1)
            while await self.gateway.metric("hookgate_spool_depth_records") != 0:
                await asyncio.sleep(0.05)
        stored = {row[0] for row in self.world.postgres.sql("SELECT message_id FROM hookgate.events")}
        copies = {row[0] for row in self.world.postgres.sql(
            "SELECT e.message_id FROM hookgate.duplicate_events d JOIN hookgate.events e ON e.id = d.original_id")}
        delivered = {one["message"] for one in ours if one["state"] == "delivered"}
        self.account.delivered += len(delivered)
        self.account.missing += len(delivered - stored - copies)
        given_up = [one for one in ours if one["state"] == "given-up"]
        self.account.missing += len(given_up)
        self.account.resent += sum(len(one["attempts"]) > 1 for one in ours)

    def _command(self, *arguments: str) -> subprocess.Popen:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.world.folder), "LOG_LEVEL": "error",
            "DATABASE_URL": self.world.postgres.url(), "EVOLUTION_API_URL": f"http://127.0.0.1:{self.evolution.port}",
            "EVOLUTION_API_KEY": KEY, "HOOKGATE_PUBLIC_URL": f"http://127.0.0.1:{self.public.port}",
        }
        return subprocess.Popen(
            [self.world.binary, "webhooks", *arguments], env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

    async def run(self, *arguments: str) -> tuple[int, str]:
        process = self._command(*arguments)
        output, _ = await asyncio.to_thread(process.communicate, None, 300)
        return process.returncode, output

    async def run_killed(self, step: int, after: bool, *arguments: str) -> bool:
        """Kills the command at a step; false when it ended before that."""
        self.steps.begin(step, after)
        process = self._command(*arguments)
        ending = asyncio.create_task(asyncio.to_thread(process.communicate))
        reached = asyncio.create_task(self.steps.reached.wait())
        await asyncio.wait([ending, reached], return_when=asyncio.FIRST_COMPLETED, timeout=300)
        reached.cancel()
        was_reached = self.steps.reached.is_set()
        process.kill()
        await ending
        self.steps.end()
        self.account.kills += was_reached
        return was_reached

    async def fail(self, mode: str, name: str) -> None:
        if mode != "none":
            await self.simulator.call(
                "POST", "/__simulator/failures", {"mode": mode, "instance": name, "times": 1})

    async def mend(self) -> None:
        await self.simulator.call("DELETE", "/__simulator/failures")

    def token_url(self, name: str) -> str:
        token = self.world.postgres.sql(
            f"SELECT webhook_token FROM healthcare.integrations WHERE config->>'instance_name' = '{name}'")[0][0]
        return f"http://127.0.0.1:{self.public.port}/webhooks/evolution/whatsapp/{token}"

    async def check(self, name: str, what: str, before: dict, ends: set[str]) -> None:
        """The settings are those before, or the same with the token URL, or somebody else's that are left alone."""
        there = await self.simulator.settings(name)
        found = "something else"
        if there == before:
            found = "before"
        elif there == {**before, "url": self.token_url(name)}:
            found = "switched"
        elif there.get("url") == OTHER:
            found = "other's"
        elif there == {**before, "url": there.get("url"), "events": there.get("events")}:
            found = "damaged"
        if found not in ends:
            self.account.wrong.append(f"{what}: {found}")


def points(kills: int | None) -> list[tuple[int, bool]]:
    """Before a request reaches its server, and after it was answered there."""
    every = list(itertools.product(range(1, MOST_STEPS + 1), (False, True)))
    return every if kills is None else random.sample(every[:16], kills)


async def _pair(rehearsal: Rehearsal, mode: str, names: list[str], places: list[tuple[int, bool]]) -> None:
    """One release and one failure: there, killed at each place, and back, killed at each place."""
    others = {"other's"} if mode == "other-editor" else set()
    # Until the command goes on and sees it; then the old settings are back, or the new ones are there.
    damaged = {"damaged"} if mode == "other-events" else set()
    before = {name: await rehearsal.simulator.settings(name) for name in names}
    flags = ["--rehearsal", "--pace", "100"]
    used = []
    for name, (step, after) in zip(names, places):
        what = f"{mode}, {'after' if after else 'before'} request {step} of {name}"
        await rehearsal.fail(mode, name)
        killed = await rehearsal.run_killed(step, after, "switch", name, *flags, "--wait-for-event", "0s")
        await rehearsal.mend()
        await rehearsal.check(name, f"{what}, killed", before[name], {"before", "switched"} | others | damaged)
        await rehearsal.run("switch", name, *flags, "--wait-for-event", "0s")
        await rehearsal.check(name, f"{what}, gone on", before[name], {"switched"} | others | ({"before"} if damaged else set()))
        used.append(name)
        rehearsal.account.instances += 1
        if not killed and step > 8:
            break
    code, output = await rehearsal.run("switch", *used, *flags, "--wait-for-event", "1m")
    if code != 0 and not others:
        rehearsal.account.wrong.append(f"{mode}: not all confirmed: {output[-300:]}")
    for name, (step, after) in zip(used, places):
        what = f"{mode}, back, {'after' if after else 'before'} request {step} of {name}"
        await rehearsal.fail(mode, name)
        await rehearsal.run_killed(step, after, "rollback", name)
        await rehearsal.mend()
        await rehearsal.run("rollback", name)
        await rehearsal.check(name, what, before[name], {"before"} | others)


async def switch_overs_killed(world: World, times: int) -> SwitchAccount:
    """Switch-overs and rollbacks die at every step while Evolution fails in every way; each goes on, and no event is lost."""
    account = SwitchAccount()
    pairs = list(itertools.product(RELEASES, MODES))
    is_full = times >= len(pairs)
    chosen = pairs if is_full else random.sample([pair for pair in pairs if pair[1] != "hang"], times)
    gateway = world.gateway("switched")
    await gateway.start()
    for release in RELEASES:
        modes = [mode for at, mode in chosen if at == release]
        if not modes:
            continue
        plans = {}
        for mode in modes:
            # Each hang costs a quarter of a minute: a few places are enough.
            places = points(None if is_full and mode != "hang" else 3)
            plans[mode] = ([f"s{release.replace('.', '')}-{mode}-{number}" for number in range(len(places))], places)
        rehearsal = Rehearsal(world, gateway, account)
        await rehearsal.start(release, [name for names, _ in plans.values() for name in names])
        try:
            for mode, (names, places) in plans.items():
                await _pair(rehearsal, mode, names, places)
        finally:
            await rehearsal.end()
    return account
