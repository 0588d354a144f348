"""Switch-overs and rollbacks that are killed at every step, against every release and every way in which it fails."""

import random

from rehearsal import MOST_STEPS, KillAccount, Rehearsal, for_each_pair, steps
from simulator import OTHER
from world import World

# As many as a rollback has steps, and more.
FRESH = 20
FLAGS = ["--rehearsal", "--pace", "100", "--wait-for-event", "1m"]


class SwitchOver:
    """One release and one failure: there, killed at each step, and back, killed at each step."""

    def __init__(self, world: World, account: KillAccount, release: str, mode: str, is_whole: bool) -> None:
        self.rehearsal = Rehearsal(world, account, release, mode, "switch")
        self.mode, self.is_whole = mode, is_whole
        self.before: dict[str, dict] = {}
        self.token_urls: dict[str, str] = {}
        # Whose URL stands there after another editor was at it, and the events that a server keeps against orders.
        self.others = {"other's"} if mode == "other-editor" else set()
        self.damaged = {"damaged"} if mode == "other-events" else set()

    async def run(self) -> None:
        names = [f"{self.rehearsal.name}-{number}" for number in range(MOST_STEPS if self.is_whole else 3)]
        try:
            await self.rehearsal.start(names)
            await self._prepare(names)
            switched = await self._there(names)
            if self.others and self.is_whole:
                # Few are left that nobody else took over.
                fresh = names[-FRESH:]
                await self._go_on("switch", fresh, *FLAGS)
                switched += fresh
            await self._back(switched)
            await self.rehearsal.count_events()
        finally:
            await self.rehearsal.end()

    async def _prepare(self, names: list[str]) -> None:
        """Every other instance has settings that somebody has made with care; where old ones may be told, all have."""
        rehearsal, simulator = self.rehearsal, self.rehearsal.simulator
        listed = ", ".join(f"('{name}')" for name in names)
        await rehearsal.sql(
            "INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled) "
            "SELECT gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active', "
            f"jsonb_build_object('instance_name', name), true FROM (VALUES {listed}) AS names (name)")
        for number, name in enumerate(names):
            if number % 2 or self.mode == "stale-find":
                self.before[name] = await simulator.arrange(name, rehearsal.old_url(name))
            else:
                self.before[name] = await simulator.settings(name)
        self.token_urls = await rehearsal.token_urls()

    async def _there(self, names: list[str]) -> list[str]:
        rehearsal = self.rehearsal
        used = []
        for name, (step, after) in zip(names, steps(self.is_whole, random.sample(range(1, 13), 3))):
            used.append(name)
            rehearsal.posting.append(name)
            rehearsal.account.instances += 1
            # The first answer comes before anything was set, and cannot be stale.
            await rehearsal.simulator.fail(self.mode, name, times=2 if self.mode == "stale-find" else 1)
            killed = await rehearsal.kill(step, after, "webhooks", "switch", name, *FLAGS)
            await rehearsal.simulator.mend()
            ends = {"before", "switched"} | self.others | self.damaged
            await self._check(name, f"there, killed at step {step}", ends)
            if self.is_whole and not killed:
                break
        else:
            if self.is_whole:
                rehearsal.wrong("no switch-over came to its end by itself")
        if self.others or self.damaged:
            # Each by itself: a run that meets three of them in a row stops by rule.
            for name in used:
                await self._go_on("switch", [name], *FLAGS)
        else:
            await self._go_on("switch", used, *FLAGS)
        states = await self._states()
        switched = []
        for name in used:
            if await self._check(name, "there, gone on", {"switched"} | self.others) != "switched":
                continue
            switched.append(name)
            if states[name] != "confirmed":
                rehearsal.wrong(f"{name} is switched and not confirmed, but {states[name]}")
        return switched

    async def _back(self, used: list[str]) -> None:
        rehearsal = self.rehearsal
        for name, (step, after) in zip(used, steps(self.is_whole, random.sample(range(1, 10), 3))):
            await rehearsal.simulator.fail(self.mode, name)
            killed = await rehearsal.kill(step, after, "webhooks", "rollback", name)
            await rehearsal.simulator.mend()
            ends = {"before", "switched"} | self.others | self.damaged
            await self._check(name, f"back, killed at step {step}", ends)
            if self.is_whole and not killed:
                break
        else:
            if self.is_whole:
                rehearsal.wrong("no rollback came to its end by itself")
        states = await self._states()
        await self._go_on("rollback", [name for name in used if states[name] != "rolled_back"])
        states = await self._states()
        for name in used:
            found = await self._check(name, "back, gone on", {"before"} | self.others)
            if found == "before" and states[name] != "rolled_back":
                rehearsal.wrong(f"{name} is as before and not rolled back, but {states[name]}")

    async def _go_on(self, verb: str, names: list[str], *flags: str) -> None:
        """The same command, and again where it says that it has not done all of it."""
        code, output = (0, "") if not names else await self.rehearsal.run("webhooks", verb, *names, *flags)
        for _ in range(2):
            if code == 0:
                return
            code, output = await self.rehearsal.run("webhooks", verb, *names, *flags)
        if code != 0 and not self.others:
            self.rehearsal.wrong(f"{verb} of {len(names)} does not come to an end: {output[-500:]}")

    async def _states(self) -> dict[str, str]:
        return dict(await self.rehearsal.sql(
            "SELECT DISTINCT ON (instance_name) instance_name, state FROM hookgate.switch_overs "
            "ORDER BY instance_name, state = 'abandoned', id DESC"))

    async def _check(self, name: str, what: str, ends: set[str]) -> str:
        """The settings are those before, or the same with the token URL, or with somebody else's that is left alone."""
        before, there = self.before[name], await self.rehearsal.simulator.settings(name)
        found = "something else"
        if there == before:
            found = "before"
        elif there == {**before, "url": self.token_urls[name]}:
            found = "switched"
        elif there == {**before, "url": OTHER}:
            found = "other's"
        elif there == {**before, "url": there.get("url"), "events": there.get("events")}:
            found = "damaged"
        if found not in ends:
            self.rehearsal.wrong(f"{name}, {what}: {found}")
        return found


async def switch_overs_killed(world: World, times: int) -> KillAccount:
    """Switch-overs and rollbacks die at every step while Evolution fails in every way; each goes on, and loses no event."""
    account = KillAccount()

    async def pair(release: str, mode: str, is_whole: bool) -> None:
        await SwitchOver(world, account, release, mode, is_whole).run()

    await for_each_pair(world, account, times, pair)
    return account
