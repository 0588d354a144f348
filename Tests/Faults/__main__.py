"""Breaks everything around a gateway under load and counts: `python3 Tests/Faults [--short] [--only NAME] BINARY`."""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from scenarios import ALL, disk_full, may_mount
from world import World


async def run(arguments: argparse.Namespace, folder: Path) -> int:
    world = World(arguments.binary, folder, seconds=1 if arguments.short else 60, pairs=arguments.pair)
    failed, resent = 0, 0
    try:
        await world.start()
        for scenario, often, seldom in ALL:
            if arguments.only and scenario.__name__ not in arguments.only:
                continue
            if scenario is disk_full and not may_mount():
                print("skip disk_full: mounting a small disk needs root, or sudo without a password", flush=True)
                continue
            started, times = time.monotonic(), seldom if arguments.short else often
            try:
                account = await scenario(world, times)
                holds, words = account.holds, str(account)
                resent += account.resent
            except (Exception, TimeoutError) as error:
                holds, words = False, f"{type(error).__name__}: {error or 'it took too long'}"
            failed += not holds
            mark = "ok  " if holds else "FAIL"
            print(f"{mark} {scenario.__name__} ×{times} ({time.monotonic() - started:.0f} s): {words}", flush=True)
            if not holds:
                break
            await world.end_gateways()
        duplicates = 0 if failed else world.duplicates()
    finally:
        await world.end()
    if not failed and not arguments.only:
        print(f"{resent} events were sent again; of those {duplicates} had been stored, and were recognised", flush=True)
        # A few kills may all have come before anything was stored.
        if resent == 0 or duplicates == 0 and not arguments.short:
            print("FAIL no event was ever sent twice: the run has proved nothing about retries")
            failed = 1
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("binary", type=lambda path: Path(path).resolve())
    parser.add_argument("--short", action="store_true", help="a few of each fault, in some minutes")
    parser.add_argument(
        "--only", action="append", choices=[scenario.__name__ for scenario, _, _ in ALL], metavar="NAME",
        help="one scenario by name; repeatable")
    parser.add_argument(
        "--pair", action="append", metavar="RELEASE:FAILURE",
        help="of those that cross releases with failures, this one, as 2.3.7:other-editor; repeatable")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    print(f"Faults under load, seed {arguments.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="hookgate-faults-"))
    folder.chmod(0o755)
    failed = asyncio.run(run(arguments, folder))
    if failed:
        print(f"What the servers said is in {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


sys.exit(main())
