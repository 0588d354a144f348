"""The part of benchmarks.md about delivery."""

from page_gateway import at_least, at_most, row
from page_migration import described

P95_MS, PEER_RATIO, STATEMENTS = 50, 5, 3
PACE = "200"


def sustained(figures):
    """Events a second from the first post until the last was delivered."""
    return figures["answered"] / (figures["seconds"] + figures["rest_seconds"])


def rounds(result):
    return {**{f"{int(rate):,}/s": figures for rate, figures in result["rates"].items()},
            "saturation": result["saturation"]}


def goals(result):
    paced, busy, queue = result["rates"][PACE], result["saturation"], result["queue"]
    yield at_most(f"accepted to delivered at {PACE}/s, p95", paced["p95_ms"], P95_MS, " ms")
    yield at_least("sustained events/s against the job queue with its producers", sustained(busy) / (queue["jobs"] / queue["seconds"]),
                   PEER_RATIO)
    yield at_least("the same, against the job queue that only takes out",
                   sustained(busy) / (queue["jobs"] / queue["drain_seconds"]), PEER_RATIO)
    yield at_most("statements for each event when busy", busy["statements_per_event"], STATEMENTS, "")
    backlog = result["backlog"]
    yield row(f"a backlog of {backlog['held']:,} events drains while more are accepted", "drains", f"{backlog['seconds']:.0f} s", True)
    lost = sum(figures["lost"] for figures in rounds(result).values())
    yield row("events answered with 200 that did not arrive", "none", f"{lost}", lost == 0)


def table(result):
    yield "| posted | accepted | p50 | p95 | p99 | delivered/s | statements/event | µs/event: gateway + PostgreSQL | twice |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, figures in rounds(result).items():
        cpu = " + ".join(f"{value:.0f}" for value in figures["cpu_us"].values())
        yield (f"| {name} | {figures['answered']:,} | {figures['p50_ms']:.1f} ms | {figures['p95_ms']:.1f} ms | {figures['p99_ms']:.1f} ms | "
               f"{sustained(figures):,.0f} | {figures['statements_per_event']:.2f} | {cpu} | {figures['twice']} |")


def section(result):
    queue, backlog = result["queue"], result["backlog"]
    return [
        "## Delivery", "",
        f"{described(result['machine'])} The peer: {', '.join(result['queue_versions'])}.", "",
        f"The whole way: bodies of {result['body_bytes']:,} bytes of {result['chats']} chats are posted on {result['connections']} connections, "
        "synced, shipped to the inbox, and delivered signed to nginx on this machine, which reads each and notes its "
        f"`webhook-id`. Rounds of {result['seconds']} s; sender, gateway, PostgreSQL and receiver share the cores. A time runs from "
        "`received_at` to the receiver's log. Statements are all of the gateway's database, shipping included.", "",
        "| goal | limit | measured | |", "|---|---|---|---|", *goals(result), "",
        *table(result), "",
        f"The job queue moved {queue['jobs']:,} of the same bodies to the same receiver with {queue['width']} at a time: "
        f"{queue['jobs'] / queue['seconds']:,.0f}/s while {queue['producers']} processes put jobs in, {queue['jobs'] / queue['drain_seconds']:,.0f}/s "
        "when all of them were there already. Its jobs are synced to PostgreSQL as our inbox is; it signs nothing and keeps "
        "no order.", "",
        f"Backlog: {backlog['held']:,} events waited when delivery began; they were delivered in {backlog['seconds']:.0f} s, while "
        f"{backlog['accepted_meanwhile']:,} more were accepted at 200/s; {backlog['statements_per_event']:.2f} statements an event; the process "
        f"held {backlog['resident_mb']:.0f} MB at most.", "",
    ]
