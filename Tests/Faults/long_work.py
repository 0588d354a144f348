"""Switch-overs and rollbacks begun in a console whose process is killed over them; each time another one goes on."""

import asyncio
import json
import random

from rehearsal import KillAccount, Rehearsal
from servers import Gateway
from world import World

INSTANCES = 8
TOKEN = "a-token-of-the-faults-alone"
# More than a lease lasts, and the look after it.
PATIENCE = 60


class LongWork:
    """Two consoles on one database. The one that is at the work is killed at a step, the other goes on."""

    def __init__(self, world: World, account: KillAccount, number: int) -> None:
        self.rehearsal = Rehearsal(world, account, "2.3.7", "none", f"work{number}")
        self.consoles: list[Gateway] = []
        self.before: dict[str, dict] = {}

    async def run(self, there: int, back: int) -> None:
        rehearsal = self.rehearsal
        names = [f"{rehearsal.name}-{number}" for number in range(INSTANCES)]
        try:
            await rehearsal.start(names)
            await self._prepare(names)
            token_urls = await rehearsal.token_urls()
            rehearsal.account.instances += len(names)
            run = await self._through("switch", there, {"rehearsal": True, "pace": 20, "wait_minutes": 5}, "confirmed")
            await self._check("there", {name: {**self.before[name], "url": token_urls[name]} for name in names})
            await self._through("rollback", back, {"run": run}, "rolled_back")
            await self._check("back", self.before)
            if len(await rehearsal.sql("SELECT DISTINCT run_id FROM hookgate.switch_overs")) != 1:
                rehearsal.wrong("what one person began stands in the journal as several runs")
            await rehearsal.count_events()
        finally:
            for console in self.consoles:
                if console.process is not None and console.process.poll() is None:
                    await console.kill()
            await rehearsal.end()

    async def _prepare(self, names: list[str]) -> None:
        rehearsal = self.rehearsal
        listed = ", ".join(f"('{name}')" for name in names)
        await rehearsal.sql(
            "INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled) "
            "SELECT gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active', "
            f"jsonb_build_object('instance_name', name), true FROM (VALUES {listed}) AS names (name)")
        for name in names:
            self.before[name] = await rehearsal.simulator.arrange(name, rehearsal.old_url(name))
        rehearsal.posting += names
        environment = {
            "DATABASE_URL": rehearsal.world.postgres.url(database=rehearsal.database), "HOOKGATE_ADMIN_TOKEN": TOKEN,
            **rehearsal.servers(rehearsal.evolution.port),
        }
        for number in range(2):
            folder = rehearsal.world.folder / f"{rehearsal.name}-console-{number}"
            self.consoles.append(Gateway(rehearsal.world.binary, folder, environment))
            await self.consoles[-1].start()

    async def _through(self, deed: str, kills: int, wish: dict, ending: str) -> str:
        """Begins it, kills whoever is at it so many times, and waits for its end. Returns the run."""
        rehearsal = self.rehearsal
        holder, other = self.consoles
        awaited = random.randint(1, 2 * INSTANCES)
        if kills:
            rehearsal.steps.begin(awaited, random.random() < 0.5)
        begun = await self._call(holder, "POST", f"/api/v1/webhooks/{deed}", {"dry_run": False, **wish})
        if begun.get("state") != "running":
            raise RuntimeError(f"{deed} is not begun: {begun}")
        for number in range(kills):
            try:
                await asyncio.wait_for(rehearsal.steps.reached.wait(), PATIENCE)
            except TimeoutError:
                break
            if (await self._call(other, "GET", "/api/v1/webhooks/work"))["state"] != "running":
                break
            await holder.kill()
            rehearsal.account.kills += 1
            rehearsal.steps.end()
            refused = await self._call(other, "POST", "/api/v1/webhooks/rollback", {"dry_run": False})
            if refused.get("status") != 409:
                rehearsal.wrong(f"a second one is begun while nobody is at the first: {refused}")
            if number + 1 < kills:
                rehearsal.steps.begin(random.randint(1, INSTANCES), random.random() < 0.5)
            await self._taken_over(number + 2)
            await holder.start()
            holder, other = other, holder
        rehearsal.steps.end()
        return await self._ended(holder, deed, ending)

    async def _taken_over(self, fencing: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while int((await self.rehearsal.sql(
                "SELECT fencing FROM hookgate.long_work ORDER BY begun_at DESC LIMIT 1"))[0][0]) < fencing:
                await asyncio.sleep(0.2)

    async def _ended(self, console: Gateway, deed: str, ending: str) -> str:
        async with asyncio.timeout(5 * PATIENCE):
            while (work := await self._call(console, "GET", "/api/v1/webhooks/work"))["state"] == "running":
                await asyncio.sleep(0.2)
        if work["state"] != "done":
            self.rehearsal.wrong(f"{deed} ends {work['state']}: {work.get('error')}")
        # What a rollback has put back before it was killed is not looked at again.
        counts = work["report"]["counts"]
        if set(counts) - {ending} or deed == "switch" and counts != {ending: INSTANCES}:
            self.rehearsal.wrong(f"{deed} comes to {counts}")
        return work["report"]["run"]

    async def _check(self, what: str, wanted: dict[str, dict]) -> None:
        for name, settings in wanted.items():
            there = await self.rehearsal.simulator.settings(name)
            if there != settings:
                self.rehearsal.wrong(f"{name}, {what}: {there}")

    async def _call(self, console: Gateway, method: str, path: str, body: dict | None = None) -> dict:
        content = json.dumps(body or {}).encode() if method == "POST" else b""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(*console.address)
            writer.write(head.encode() + content)
            answer = await reader.read()
            writer.close()
        return json.loads(answer.split(b"\r\n\r\n", 1)[1])


async def work_killed(world: World, times: int) -> KillAccount:
    """Whoever carries long work out is killed over it, and another console goes on: as one run, and to the same end."""
    account = KillAccount()
    there, back = (2, 1) if times > 1 else (1, 0)

    async def one(number: int) -> None:
        try:
            await LongWork(world, account, number).run(there, back)
        except Exception as error:
            account.wrong.append(f"{number}: {type(error).__name__}: {error or 'it took too long'}")

    async with asyncio.TaskGroup() as group:
        for number in range(times):
            group.create_task(one(number))
    return account
