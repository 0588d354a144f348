"""The part of benchmarks.md about the console's pages."""

from page_migration import described, goal

LIMIT_MS = 150


def slowest(pages, figure):
    name, page = max(pages.items(), key=lambda item: item[1][figure] or 0)
    return name, page[figure]


def section(result):
    pages, rows = result["pages"], result["rows"]
    middle, worst, first = (slowest(pages, figure) for figure in ("p50_ms", "worst_ms", "first_ms"))
    lines = [
        f"## The console over {result['instances']:,} instances", "",
        f"{described(result['machine'])} The server has one core. Milliseconds from the request to the last byte of the answer, "
        f"on one connection of this machine: {result['requests']} requests for each page, one of each in turn; *first* is the "
        "one that came right after the start, when nothing was remembered yet. A legacy fleet, migrated, with ninety days of "
        f"traffic ({rows['traffic']:,} rows), {rows['switch_overs']:,} switch-overs and {rows['events']:,} events "
        "(`scripts/benchmarks/console.sql`).", "",
        "| goal | limit | measured | |", "|---|---|---|---|",
        goal(f"the slowest page's median ({middle[0]})", middle[1], LIMIT_MS, " ms"),
        goal(f"the slowest answer of all ({worst[0]})", worst[1], LIMIT_MS, " ms"),
        goal(f"the slowest first one ({first[0]})", first[1], LIMIT_MS, " ms"), "",
        "| page | first ms | p50 ms | worst ms | KiB |", "|---|---|---|---|---|",
    ]
    for name, page in pages.items():
        first = "" if page["first_ms"] is None else f"{page['first_ms']:.1f}"
        lines.append(
            f"| {name} | {first} | {page['p50_ms']:.1f} | {page['worst_ms']:.1f} | {page['bytes'] / 1024:.0f} |")
    return [*lines, ""]
