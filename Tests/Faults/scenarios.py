"""The faults, each with load going on. A scenario breaks something, mends it, and leaves the counting to the world."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
from pathlib import Path

from backlog import started_with_a_backlog
from deliveries import delivered_by_the_killed, delivered_through_an_outage
from hostile import delivered_to_the_hostile
from lives import lives_killed
from long_bodies import long_bodies, longest_body
from long_work import work_killed
from revocation import revoked_while_silent
from switch_over import switch_overs_killed
from world import Account, World


async def killed(world: World, times: int) -> Account:
    """The gateway is killed under load, again and again, at random moments."""
    gateway = world.gateway("killed")
    await gateway.start()
    oracle = world.oracle("killed", gateway)
    oracle.start()
    for _ in range(times):
        await oracle.until_owed(random.randint(1, 60), timeout=60)
        await asyncio.sleep(random.random() * 0.02)
        await gateway.kill()
        gateway.launch()
    await oracle.until_owed(20, timeout=60)
    return await world.settle(oracle, gateway)


async def terminated(world: World, times: int) -> Account:
    """SIGTERM under load: the gateway ends by itself with exit code 0 and loses nothing."""
    gateway = world.gateway("terminated")
    await gateway.start()
    oracle = world.oracle("terminated", gateway)
    oracle.start()
    for _ in range(times):
        await oracle.until_owed(50, timeout=60)
        code = await gateway.terminate()
        assert code == 0, f"SIGTERM ended with exit code {code}"
        gateway.launch()
    await oracle.until_owed(20, timeout=60)
    return await world.settle(oracle, gateway)


async def rolled(world: World, times: int) -> Account:
    """Two gateways are replaced one after the other, as in a rolling deployment; one of them always answers."""
    pair = [world.gateway("rolled-a"), world.gateway("rolled-b")]
    for gateway in pair:
        await gateway.start()
    oracle = world.oracle("rolled", *pair)
    oracle.start()
    for number in range(times):
        await oracle.until_owed(50, timeout=60)
        gateway = pair[number % 2]
        assert await gateway.terminate() == 0, "SIGTERM did not end with exit code 0"
        await oracle.until_owed(50, timeout=60)
        await gateway.start()
    return await world.settle(oracle, *pair)


async def postgres_killed(world: World, times: int) -> Account:
    """PostgreSQL dies without a word and comes back, or is restarted in good order; events are accepted meanwhile."""
    gateway = world.gateway("postgres-killed")
    await gateway.start()
    oracle = world.oracle("postgres-killed", gateway)
    oracle.start()
    for number in range(times):
        await oracle.until_owed(50, timeout=60)
        await (world.postgres.stop() if number % 2 else world.postgres.kill())
        await oracle.until_owed(200, timeout=60)
        await world.postgres.start()
    return await world.settle(oracle, gateway)


async def postgres_frozen(world: World, times: int) -> Account:
    """PostgreSQL hangs: connections stand and nothing answers."""
    gateway = world.gateway("postgres-frozen")
    await gateway.start()
    oracle = world.oracle("postgres-frozen", gateway)
    oracle.start()
    for _ in range(times):
        await oracle.until_owed(50, timeout=60)
        world.way_to_postgres.is_silent = True
        await oracle.until_owed(100, timeout=60)
        await asyncio.sleep(world.seconds)
        await oracle.until_owed(100, timeout=60)
        world.way_to_postgres.is_silent = False
    return await world.settle(oracle, gateway)


async def postgres_refusing_and_slow(world: World, times: int) -> Account:
    """The way to PostgreSQL is shut for a while, then slow."""
    gateway = world.gateway("postgres-refusing")
    await gateway.start()
    oracle = world.oracle("postgres-refusing", gateway)
    oracle.start()
    for _ in range(times):
        await oracle.until_owed(50, timeout=60)
        await world.way_to_postgres.shut()
        await oracle.until_owed(100, timeout=60)
        await asyncio.sleep(world.seconds)
        world.way_to_postgres.delay = 0.05
        await world.way_to_postgres.open()
        await oracle.until_owed(100, timeout=60)
        world.way_to_postgres.delay = 0
    return await world.settle(oracle, gateway)


async def redis_gone(world: World, times: int) -> Account:
    """Redis dies, hangs, is flushed, comes back empty, refuses and is slow; no sender notices."""
    gateway = world.gateway("redis-gone")
    await gateway.start()
    oracle = world.oracle("redis-gone", gateway)
    oracle.start()
    for _ in range(times):
        await oracle.until_owed(50, timeout=60)
        await world.redis.kill()
        await oracle.until_owed(50, timeout=60)
        await world.redis.start()
        world.redis.process.send_signal(signal.SIGSTOP)
        await oracle.until_owed(50, timeout=60)
        await asyncio.sleep(world.seconds)
        world.redis.process.send_signal(signal.SIGCONT)
        subprocess.run(["redis-cli", "-p", str(world.redis.port), "FLUSHALL"], check=True, stdout=subprocess.DEVNULL)
        await world.way_to_redis.shut()
        await oracle.until_owed(50, timeout=60)
        world.way_to_redis.delay = 0.05
        await world.way_to_redis.open()
        await oracle.until_owed(50, timeout=60)
        world.way_to_redis.delay = 0
    return await world.settle(oracle, gateway)


async def both_stores_down_and_restarted(world: World, times: int) -> Account:
    """Both stores are down and the gateway is started anew: it stores, and decides when somebody can tell."""
    gateway = world.gateway("both-down")
    await gateway.start()
    oracle = world.oracle("both-down", gateway)
    oracle.start()
    for _ in range(times):
        await oracle.until_owed(50, timeout=60)
        await world.postgres.kill()
        await world.redis.kill()
        await oracle.until_owed(50, timeout=60)
        await gateway.kill()
        await gateway.start()
        await oracle.until_owed(50, timeout=60)
        await world.postgres.start()
        await world.redis.start()
    return await world.settle(oracle, gateway)


def may_mount() -> bool:
    if os.geteuid() == 0:
        return True
    return shutil.which("sudo") is not None and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0


async def disk_full(world: World, times: int) -> Account:
    """The spool's disk fills up while PostgreSQL is away: 503, never a 200 that is not kept; then it goes on."""
    folder = world.folder / "small-disk"
    folder.mkdir()
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    mount = [*as_root, "mount", "-t", "tmpfs", "-o", f"size=96m,uid={os.geteuid()}", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    try:
        gateway = world.gateway("disk-full", folder=folder / "data")
        await gateway.start()
        oracle = world.oracle("disk-full", gateway)
        oracle.start()
        for _ in range(times):
            await oracle.until_owed(50, timeout=60)
            await world.way_to_postgres.shut()
            filler = folder / "filler"
            await asyncio.to_thread(_fill, filler)
            await oracle.until_refused(timeout=120)
            filler.unlink()
            await world.way_to_postgres.open()
            await oracle.until_owed(50, timeout=60)
        account = await world.settle(oracle, gateway)
        await gateway.kill()
        return account
    finally:
        subprocess.run([*as_root, "umount", "-l", str(folder)], check=False)


def _fill(path: Path) -> None:
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            pass


async def sync_failing(world: World, times: int) -> Account:
    """fdatasync fails: what may not be on disk is not answered with 200, and the gateway recovers by itself."""
    library, mark = world.folder / "failing_sync.so", world.folder / "sync-fails"
    source = Path(__file__).with_name("failing_sync.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    gateway = world.gateway("sync-failing", LD_PRELOAD=str(library), FAILING_SYNC=str(mark))
    await gateway.start()
    oracle = world.oracle("sync-failing", gateway)
    oracle.start()
    for _ in range(times):
        await oracle.until_owed(50, timeout=60)
        mark.touch()
        await oracle.until_refused(timeout=60)
        mark.unlink()
        await oracle.until_owed(50, timeout=60)
    return await world.settle(oracle, gateway)


# Each with how often in a full run, and in a short one.
ALL = [
    (killed, 200, 12),
    (terminated, 10, 2),
    (rolled, 10, 2),
    (postgres_killed, 5, 1),
    (postgres_frozen, 2, 1),
    (postgres_refusing_and_slow, 3, 1),
    (redis_gone, 3, 1),
    (both_stores_down_and_restarted, 3, 1),
    (disk_full, 2, 1),
    (sync_failing, 3, 1),
    (revoked_while_silent, 20, 1),
    (long_bodies, 3, 2),
    (longest_body, 3, 1),
    (started_with_a_backlog, 1, 1),
    (delivered_by_the_killed, 9, 1),
    (delivered_through_an_outage, 2, 1),
    (delivered_to_the_hostile, 2, 1),
    # Pairs of a release and a failure; as many as there are means all.
    (switch_overs_killed, 120, 2),
    (lives_killed, 120, 2),
    (work_killed, 8, 1),
]
