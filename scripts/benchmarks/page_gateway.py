"""The part of benchmarks.md about the gateway."""

import statistics

from page_migration import described

BARE, OURS, LOOK_UP, APP = "bare SwiftNIO", "hookgate", "nginx + Lua + Redis", "FastAPI + Redis"
STORING_APP = APP + " + PostgreSQL"
PAUSED, SHIPPING = "hookgate, shipping paused", "hookgate, shipping"
MEMORY_BYTES, IDLE_MB, GROWTH, SYNCS, WATCHED = 300, 60, 1.5, 10, 1.05


def rate(rounds):
    return statistics.median(r["requests"] / r["microseconds"] * 1e6 for r in rounds)


def cost(rounds):
    """Microseconds of processor time per request, the helpers' included."""
    return statistics.median(sum(r["cpu_seconds"].values()) / r["requests"] * 1e6 for r in rounds)


def own_cost(rounds):
    return statistics.median(r["cpu_seconds"]["server"] / r["requests"] * 1e6 for r in rounds)


def middle(rounds, figure):
    return statistics.median(r[figure] for r in rounds)


def at_least(text, measured, limit, unit=" x"):
    return row(text, f"at least {limit:g}{unit}", f"{measured:.2f}{unit}", measured >= limit)


def at_most(text, measured, limit, unit=" x"):
    return row(text, f"at most {limit:g}{unit}", f"{measured:,.2f}{unit}", measured <= limit)


def row(text, limit, measured, is_met):
    return f"| {text} | {limit} | {measured} | {'met' if is_met else '**missed**'} |"


def sync_p50(result):
    return statistics.median(times["p50"] for times in result["sync_us"])


def goals(result):
    refused, accepted, fleets = result["refused"], result["accepted"], result["fleets"]
    yield at_least("routing alone, requests per core: against bare SwiftNIO", cost(refused[BARE]) / cost(refused[OURS]), 0.8)
    yield at_least(f"the same: against {LOOK_UP}", cost(refused[LOOK_UP]) / cost(refused[OURS]), 1.5)
    for name in (APP, STORING_APP):
        yield at_least(f"durable accept, requests/s: against {name}", rate(accepted[PAUSED]) / rate(accepted[name]), 10)
    yield at_least(f"the same: against {LOOK_UP}", rate(accepted[PAUSED]) / rate(accepted[LOOK_UP]), 1)
    half = middle(result["half"]["paused"], "p99_ms") * 1_000
    yield at_most("p99 of a durable accept at half of saturation, in times of the disk's own fdatasync (p50)",
                  half / sync_p50(result), SYNCS)
    sizes = sorted(int(size) for size in result["resident_mb"])
    for kind in ("refused", "accepted"):
        costs = [cost(fleets[f"{size} {kind}"]) for size in sizes]
        yield at_most(f"cost of a request ({kind}) with {sizes[-1]:,} integrations against the cheapest size",
                      costs[-1] / min(costs), GROWTH)
    resident = result["resident_mb"]
    each = (resident[str(sizes[-1])] - resident[str(sizes[0])]) * 2**20 / (sizes[-1] - sizes[0])
    yield at_most("memory of an integration", each, MEMORY_BYTES, " bytes")
    yield at_most(f"resident, idle, with {sizes[1]:,} integrations", resident[str(sizes[1])], IDLE_MB, " MB")
    yield from watched_goals(result)
    queries = result["queries"]
    more = max(queries["busy"] - queries["idle"], 0)
    yield row(f"database transactions more than while idle, for {queries['hits']:,} hits", "none", f"{more}", more <= 2)


def watched_goals(result):
    """Of a result from before this was measured there are none."""
    watched = result.get("watched", {})
    for kind in ("refused", "accepted") if watched else ():
        ways = watched[kind]
        yield at_most(f"cost of a request ({kind}) while {watched['watchers']} people watch the fleet",
                      cost(ways["watched"]) / cost(ways["alone"]), WATCHED)


def watched(result):
    if "watched" not in result:
        return []
    found = result["watched"]
    rounds = {f"{kind}, {words}": found[kind][way] for kind in ("refused", "accepted")
              for way, words in (("alone", "nobody watches"), ("watched", f"{found['watchers']} watch"))}
    return [f"With shipping on, and {found['watchers']} open pages of the console that keep themselves up to date, once a second "
            "each:", "", *table(rounds), ""]


def table(rounds_by_name):
    yield "| server | requests/s | requests per second of processor time | p50 ms | p99 ms | µs/request: server + helpers |"
    yield "|---|---|---|---|---|---|"
    for name, rounds in rounds_by_name.items():
        helpers = [h for h in rounds[0]["cpu_seconds"] if h != "server"]
        costs = f"{own_cost(rounds):.1f}" + "".join(
            f" + {statistics.median(r['cpu_seconds'][h] / r['requests'] * 1e6 for r in rounds):.1f} ({h})" for h in helpers)
        yield (f"| {name} | {rate(rounds):,.0f} | {1e6 / cost(rounds):,.0f} | {middle(rounds, 'p50_ms'):.2f} | "
               f"{middle(rounds, 'p99_ms'):.2f} | {costs} |")


def fleets(result):
    yield "| integrations | resident | refused: µs/request | accepted: µs/request |"
    yield "|---|---|---|---|"
    for size, resident in result["resident_mb"].items():
        costs = " | ".join(f"{cost(result['fleets'][f'{size} {kind}']):.1f}" for kind in ("refused", "accepted"))
        yield f"| {int(size):,} | {resident:.0f} MB | {costs} |"


def shipping(result):
    rounds = result["accepted"][SHIPPING]
    seconds = result["seconds"]
    return (
        f"With shipping on, PostgreSQL shares the server's core: {rate(rounds):,.0f} events/s were accepted, "
        f"{middle(rounds, 'shipped') / seconds:,.0f} events/s reached the inbox meanwhile. After {seconds} s "
        f"{middle(rounds, 'waiting'):,.0f} events waited, the oldest for {middle(rounds, 'oldest_seconds'):.1f} s; "
        f"all of them were in the inbox {middle(rounds, 'drain_seconds'):.1f} s later.")


def durable(result):
    found = result["durable"]
    return (
        f"Of the gateway whose shipping was paused {found['answered']:,} answers were 200; {found['accepted']:,.0f} events were "
        f"durable by its own count. Then it was killed, and `hookgate spool verify` ended with {found['exit']} over its files.")


def half(result):
    paused, live = result["half"]["paused"], result["half"]["shipping"]
    syncs = [times["p50"] for times in result["sync_us"]]
    return (
        f"At half of saturation ({result['half']['rate']:,} requests/s, each due at an instant of its own, as from many senders; what waits for "
        f"a free connection counts from when it was due; while the sender's own core was taken from it, {sum(p['absent_ms'] for p in paused):.0f} ms "
        f"in {len(paused)} rounds of {2 * result['seconds']} s, nothing is counted): p50 {middle(paused, 'p50_ms'):.2f} ms, p99 {middle(paused, 'p99_ms'):.2f} ms, "
        f"p99.9 {middle(paused, 'p999_ms'):.2f} ms; at half that rate with shipping on: p50 {live['p50_ms']:.2f} ms, p99 {live['p99_ms']:.2f} ms. The disk's own fdatasync of 2 KB, measured between the rounds: "
        f"p50 {min(syncs):.0f} to {max(syncs):.0f} µs.")


def kept_off(result):
    found = result["kept_off"]
    if not found["threads"]:
        return ""
    return (f"What this machine does by itself, {found['threads']} threads that take {1_000 * found['share']:.0f} ms of every second, "
            "was kept off the servers' core. ")


def section(result):
    versions = result["peers"]
    return [
        "## The gateway", "",
        f"{described(result['machine'])} nginx {versions['nginx']}, Redis {versions['redis']}, {', '.join(versions['python'])}.", "",
        f"Every server has one core, its Redis and PostgreSQL with it, while all the other servers stand still; wrk has another, with "
        f"{result['connections']} connections. {kept_off(result)}"
        f"Bodies of {result['body_bytes']:,} bytes, each another message, over 10,000 tokens. {result['rounds']} rounds of {result['seconds']} s behind two that are not counted, "
        "interleaved; medians. *Refused*: the token was revoked; the body is read, the token found, the answer is 403, so "
        "this is routing alone. *Accepted*: hookgate scans the body, resolves and syncs the event to disk before its 200, with logging "
        "and metrics as they are shipped, the database that it ships to at rest; the peers read the body, look the tenant up and answer 200, and none of them stores "
        f"anything but the one with PostgreSQL. {BARE} (NIOHTTP1) reads the body and answers, and looks nothing up. Before "
        "the rounds each was seen to answer 200, 403 and 404 as it must, to have read the body to its end, and to name the right "
        "tenant (hookgate in its inbox). wrk itself takes 8 to 10 µs a request, so compare processor time where a server "
        "answers more than 80,000 a second.", "",
        "| goal | limit | measured | |", "|---|---|---|---|", *goals(result), "",
        "Refused, routing alone:", "", *table(result["refused"]), "",
        "Accepted:", "", *table(result["accepted"]), "",
        shipping(result), "", half(result), "", durable(result), "", *watched(result),
        "From a hundred integrations to the largest fleet, shipping paused. Names have 15 bytes, as `clinic-00000001`; a longer "
        "one costs its own bytes and some thirty more:", "", *fleets(result), "",
    ]
