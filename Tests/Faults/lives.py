"""Creations, adoptions and deletions of integrations that are killed at every step, and go on with whoever comes."""

import asyncio
import random
import uuid

from rehearsal import MOST_STEPS, KillAccount, Rehearsal, for_each_pair, steps
from simulator import OTHER, OWN_HEADER
from world import World


class Life:
    """One release and one failure: made, adopted and deleted, each killed at each step."""

    def __init__(self, world: World, account: KillAccount, release: str, mode: str, is_whole: bool) -> None:
        self.rehearsal = Rehearsal(world, account, release, mode, "life")
        self.mode, self.is_whole = mode, is_whole
        self.clinic, self.organization = str(uuid.uuid4()), str(uuid.uuid4())
        self.adoptable = [self._name(f"a{number}") for number in range(MOST_STEPS if is_whole else 2)]
        self.before: dict[str, dict] = {}
        # Another clinic has one that is like any other, and one whose name would be ours.
        self.neighbours = [f"{self.rehearsal.name}-neighbour", self._name("theirs")]

    def _name(self, label: str) -> str:
        return f"clinic-{self.clinic}-{label}"

    def _create(self, name: str) -> list[str]:
        label = name.rsplit("-", 1)[1]
        return [
            "integrations", "create", self.clinic, "--organization", self.organization, "--label", label, "--rehearsal"]

    def _delete(self, name: str) -> list[str]:
        return ["integrations", "delete", name, "--yes"]

    async def run(self) -> None:
        rehearsal = self.rehearsal
        try:
            await rehearsal.start([*self.adoptable, *self.neighbours])
            await self._settle_neighbours()
            neighbours = await self._seen_of_neighbours()
            made = await self._killed([self._name(f"c{number}") for number in range(len(self.adoptable))], self._create)
            await self._end_all(made, self._create, "created")
            for name in self.adoptable:
                await rehearsal.simulator.arrange(name, rehearsal.old_url(name))
            self.before = await rehearsal.simulator.stored()
            adopted = await self._killed(self.adoptable, self._create)
            await self._end_all(adopted, self._create, "adopted")
            await self._refuse_what_is_theirs()
            there = [name for name in [*made, *adopted] if await self._found(name) == "whole"]
            await self._count_events(there)
            for name in there[::2]:
                await rehearsal.simulator.call("POST", "/__simulator/scan", {"instance": name})
            deleted = await self._killed(there, self._delete, makes_more=True)
            await self._end_all(deleted, self._delete, "deleted")
            if await self._seen_of_neighbours() != neighbours:
                rehearsal.wrong("what another clinic has was changed")
        finally:
            await rehearsal.end()

    async def _killed(self, names: list[str], command, makes_more: bool = False) -> list[str]:
        """One instance for each step, which are made where too few are there; the names of those that were begun."""
        rehearsal = self.rehearsal
        begun = []
        for number, (step, after) in enumerate(steps(self.is_whole, random.sample(range(1, 10), 2))):
            if number < len(names):
                name = names[number]
            elif makes_more and self.is_whole:
                name = self._name(f"d{number}")
                await self._finish(name, self._create)
            else:
                break
            begun.append(name)
            rehearsal.account.instances += 1
            await rehearsal.simulator.fail(self.mode, name)
            killed = await rehearsal.kill(step, after, *command(name))
            if self.is_whole and not killed:
                return begun
        if self.is_whole:
            rehearsal.wrong(f"no {' '.join(command(names[0])[:2])} came to its end by itself")
        return begun

    async def _end_all(self, names: list[str], command, what: str) -> None:
        """The same command again, at first with what is left of the failure; of every other one the gateway."""
        rehearsal = self.rehearsal
        for name in names[::2]:
            await self._finish(name, command)
        await rehearsal.simulator.mend()
        await self._let_the_gateway_finish()
        for name in names[1::2]:
            found = await self._found(name)
            if found not in {"whole", "nothing", "as it was", *self._ends_of_others()}:
                rehearsal.wrong(f"{name}, {what}, ended by the gateway: {found}")
            await self._finish(name, command)
        wanted = "nothing" if command == self._delete else "whole"
        for name in names:
            found = await self._found(name)
            if found not in {wanted, *self._ends_of_others()}:
                rehearsal.wrong(f"{name}, {what}: {found}")

    def _ends_of_others(self) -> set[str]:
        return {"other's"} if self.mode == "other-editor" else set()

    async def _finish(self, name: str, command) -> None:
        for attempt in range(6):
            if attempt == 2:
                await self.rehearsal.simulator.mend()
            code, output = await self.rehearsal.run(*command(name))
            is_gone = command == self._delete and await self._found(name) == "nothing"
            if code == 0 or is_gone or await self._found(name) in self._ends_of_others():
                return
        self.rehearsal.wrong(f"{name} does not come to an end: {output[-300:]}")

    async def _let_the_gateway_finish(self) -> None:
        """It knows no Evolution server until it is started anew with one, so that each is ended when it is to be."""
        rehearsal = self.rehearsal
        await rehearsal.gateway.terminate()
        rehearsal.gateway.environment |= {
            **rehearsal.servers(rehearsal.simulator.port), "HOOKGATE_EVOLUTION_POLL_INTERVAL": "0"}
        await rehearsal.gateway.start()
        async with asyncio.timeout(120):
            while await rehearsal.sql(
                "SELECT id FROM hookgate.integration_lives WHERE state NOT IN ('done', 'undone') LIMIT 1"
            ):
                await asyncio.sleep(0.2)
        await rehearsal.gateway.terminate()
        for variable in rehearsal.servers(0):
            del rehearsal.gateway.environment[variable]
        await rehearsal.gateway.start()

    # What became of it

    async def _found(self, name: str) -> str:
        rehearsal = self.rehearsal
        rows = await rehearsal.sql(
            "SELECT clinic_id, organization_id, webhook_token FROM healthcare.integrations "
            f"WHERE config->>'instance_name' = '{name}'")
        lives = await rehearsal.sql(
            "SELECT state FROM hookgate.integration_lives "
            f"WHERE instance_name = '{name}' AND state NOT IN ('done', 'undone')")
        settings = (await rehearsal.simulator.stored()).get(name)
        is_there = settings is not None
        if lives:
            return f"under way ({lives[0][0]})"
        if not rows and not is_there:
            return "nothing"
        if not rows and settings and settings["url"] == OTHER:
            return "other's"
        if not rows and is_there and settings == self.before.get(name):
            return "as it was"
        if len(rows) != 1 or not is_there:
            return f"{len(rows)} rows, and {'an' if is_there else 'no'} instance"
        if rows[0][:2] != [self.clinic, self.organization]:
            return "somebody else's row"
        return self._flaw(name, settings, rows[0][2]) or "whole"

    def _flaw(self, name: str, settings: dict, token: str) -> str | None:
        """What is not as it was ordered; the secret's value shows when an event is let through with it."""
        is_adopted, simulator = name in self.adoptable, self.rehearsal.simulator
        word = "webhook_base64" if simulator.major < (2, 0) else "webhookBase64"
        by_events = "webhook_by_events" if simulator.major < (2, 0) else "webhookByEvents"
        headers = settings.get("headers", {})
        url = f"http://127.0.0.1:{self.rehearsal.public.port}/webhooks/evolution/whatsapp/{token}"
        if settings.get("url") != url or settings.get("enabled") is not True:
            return "it does not post to its token URL"
        if not settings.get(word) or bool(settings.get(by_events)) != is_adopted:
            return "media or by-events are not as ordered"
        if not self._needed_events() | ({"CALL"} if is_adopted else set()) <= set(settings["events"]):
            return "events are lacking"
        own = OWN_HEADER if is_adopted else {}
        if simulator.keeps_headers and (len(headers) != len(own) + 1 or not own.items() <= headers.items()):
            return "the secret header is not there, or one of somebody's own is gone"
        return None

    def _needed_events(self) -> set[str]:
        names = {"MESSAGES_UPSERT", "MESSAGES_UPDATE", "MESSAGES_DELETE", "SEND_MESSAGE"}
        names |= {"CONNECTION_UPDATE", "QRCODE_UPDATED"}
        major = self.rehearsal.simulator.major
        if major >= (2, 0):
            names |= {"MESSAGES_EDITED"}
        if major >= (2, 2):
            names |= {"LOGOUT_INSTANCE", "REMOVE_INSTANCE"}
        if major >= (2, 3):
            names |= {"SEND_MESSAGE_UPDATE", "STATUS_INSTANCE"}
        return names

    async def _count_events(self, whole: list[str]) -> None:
        """A message of each that is whole is in the inbox as its clinic's; where releases send headers, the gateway
        has held its secret against the one it was told."""
        rehearsal = self.rehearsal
        for name in whole:
            await rehearsal.message(name)
        await rehearsal.count_events()
        rows = await rehearsal.sql(
            "SELECT DISTINCT instance_name FROM hookgate.events WHERE message_id IS NOT NULL AND state = 'pending' "
            f"AND route = 'token' AND clinic_id = '{self.clinic}'")
        rehearsal.account.missing += len(set(whole) - {row[0] for row in rows})

    # Whose is not ours

    async def _settle_neighbours(self) -> None:
        listed = ", ".join(f"('{name}')" for name in self.neighbours)
        await self.rehearsal.sql(
            "INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled) "
            "SELECT gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active', "
            f"jsonb_build_object('instance_name', name), true FROM (VALUES {listed}) AS names (name)")

    async def _seen_of_neighbours(self) -> list:
        listed = ", ".join(f"'{name}'" for name in self.neighbours)
        # A gateway that is told its public URL writes it into every row that has a token and no URL.
        rows = await self.rehearsal.sql(
            "SELECT to_jsonb(i) - 'webhook_url' FROM healthcare.integrations i "
            f"WHERE config->>'instance_name' IN ({listed}) ORDER BY id")
        stored = await self.rehearsal.simulator.stored()
        return [rows, *[stored[name] for name in self.neighbours]]

    async def _refuse_what_is_theirs(self) -> None:
        name = self.neighbours[1]
        await self.rehearsal.kill(random.randint(1, 4), True, *self._create(name))
        code, output = await self.rehearsal.run(*self._create(name))
        if code != 3:
            self.rehearsal.wrong(f"the instance of another clinic was not refused: {code} {output[-300:]}")


async def lives_killed(world: World, times: int) -> KillAccount:
    """Integrations are made, adopted and deleted by commands that die at every step while Evolution fails in every way;
    each ends as one row and one instance, or as none of both, and nothing of another clinic's is touched."""
    account = KillAccount()

    async def pair(release: str, mode: str, is_whole: bool) -> None:
        await Life(world, account, release, mode, is_whole).run()

    await for_each_pair(world, account, times, pair)
    return account
