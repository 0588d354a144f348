"""The part of benchmarks.md about a migration."""

import statistics

PHASES = ("plan", "execute", "verify")
MEMORY_MB = 200
EXECUTE_RATIO = 1.5
GROWTH = 1.5


def described(machine):
    """The machine and the commit, in a sentence."""
    settings = ", ".join(f"{name} {value}" for name, value in machine["settings"].items() if name != "listen_addresses")
    return (
        f"{machine['date']}, commit {machine['commit']}; {machine['cores']} cores of {machine['cpu']}"
        f"{' (a virtual machine)' if machine.get('is_virtual') else ''}, {machine['memory_gb']} GB, {machine['system']}; load "
        f"{machine['load_before']:.1f} before the start; PostgreSQL {machine['postgres']} on the same machine "
        f"({settings}, otherwise its defaults: every commit is synced).")


def median(rounds, figure="seconds"):
    return statistics.median(r[figure] for r in rounds)


def per_row(size, phase):
    return median(size[phase]) / size["rows"] * 1e6


def goal(text, ratio, limit, unit=""):
    met = "met" if ratio <= limit else "**missed**"
    return f"| {text} | at most {limit:g}{unit} | {ratio:.2f}{unit} | {met} |"


def goals(sizes):
    largest = sizes[-1]
    seconds = {phase: median(largest[phase]) for phase in ("bare", *PHASES)}
    yield goal("execute against the bare statement", seconds["execute"] / seconds["bare"], EXECUTE_RATIO, " x")
    yield goal("plan against execute", seconds["plan"] / seconds["execute"], 1, " x")
    yield goal("verify against execute", seconds["verify"] / seconds["execute"], 1, " x")
    peak = max(r["peak_mb"] for size in sizes for phase in PHASES for r in size[phase])
    yield goal("memory of the process at its peak", peak, MEMORY_MB, " MB")
    for phase in PHASES:
        cheapest = min(per_row(size, phase) for size in sizes)
        yield goal(f"cost of a row, {phase}: largest fleet against the cheapest size",
                   per_row(largest, phase) / cheapest, GROWTH, " x")


def table(sizes):
    yield "| instances | bare statement | plan | execute | verify | per row (bare, plan, execute, verify) | peak memory |"
    yield "|---|---|---|---|---|---|---|"
    for size in sizes:
        spans = " | ".join(f"{median(size[phase]):.2f} s" for phase in ("bare", *PHASES))
        rows = ", ".join(f"{per_row(size, phase):.0f}" for phase in ("bare", *PHASES))
        peaks = max(r["peak_mb"] for phase in PHASES for r in size[phase])
        yield f"| {size['rows']:,} | {spans} | {rows} µs | {peaks:.0f} MB |"


def cpu_table(sizes):
    yield "| instances | bare statement | plan | execute | verify |"
    yield "|---|---|---|---|---|"
    for size in sizes:
        cells = [f"{median(size['bare'], 'server_cpu_seconds') / size['rows'] * 1e6:.0f} µs"]
        for phase in PHASES:
            server, own = (median(size[phase], f) / size["rows"] * 1e6 for f in ("server_cpu_seconds", "cpu_seconds"))
            cells.append(f"{server:.0f} + {own:.0f} µs")
        yield f"| {size['rows']:,} | " + " | ".join(cells) + " |"


def original(sizes):
    largest = sizes[-1]
    sample = largest["original"]
    each = sample["seconds"] / sample["sample"]
    whole = each * largest["rows"]
    ours = sum(median(largest[phase]) for phase in PHASES)
    return (
        f"The original's way (`scripts/benchmarks/original.py`: Python, row by row, the original's queries, each committed by "
        f"itself) took {sample['seconds']:.1f} s for {sample['sample']:,} rows of the largest fleet, {each * 1e6:.0f} µs a row: "
        f"extrapolated to {largest['rows']:,} rows {whole:.0f} s, {whole / median(largest['execute']):.1f} times as long as "
        f"execute and {whole / ours:.1f} times as long as plan, execute and verify together. It keeps no journal, "
        f"verifies nothing, and gives a clinic's second instance its first one's row.")


def journal(form):
    if form["equal"]:
        return "equal checksums."
    return (f"equal checksums but for the journal's: **its rows have another form** "
            f"({form['bytes'] / 1e6:.0f} MB against the statement's {form['bare_bytes'] / 1e6:.0f} MB).")


def section(result):
    machine, sizes = result["machine"], result["sizes"]
    largest = sizes[-1]["rows"]
    return [
        f"## A migration of {largest:,} instances", "",
        f"{described(machine)} Every round of one size runs on a fresh copy of one database; rounds are interleaved.", "",
        f"A fleet of {largest:,} rows of `public.evolution_instances` in {largest // 5:,} clinics (`scripts/benchmarks/fleet.sql`). Plan is "
        "`hookgate migrate --dry-run`, execute `hookgate migrate --no-verify`, verify `hookgate migrate verify`: whole "
        "commands, from start to exit, with all that they print. The bare statement (`scripts/benchmarks/bare.sql`) is one "
        "INSERT of the same rows, tokens and journal under the same indexes and triggers, with every decision made for it; "
        f"afterwards both had written the same: {sizes[-1]['written']['integrations']:,} integrations, "
        f"{sizes[-1]['written']['tokens']:,} tokens, {sizes[-1]['written']['journal']:,} rows of journal, "
        f"{journal(sizes[-1]['journal'])}", "",
        "| goal | limit | measured | |", "|---|---|---|---|", *goals(sizes), "",
        "Medians of the rounds (three, of the largest size one):", "", *table(sizes), "",
        "Processor time of a row, which a busy machine distorts less: PostgreSQL's, and the process's own.", "",
        *cpu_table(sizes), "", original(sizes), "",
    ]
