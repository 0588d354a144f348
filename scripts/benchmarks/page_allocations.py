"""The part of benchmarks.md about allocations."""

from page_migration import described


def section(result):
    lines = [
        "## Allocations", "",
        f"{described(result['machine'])} Calls of the C library's allocator for one request, counted by a library "
        "preloaded into the shipped binary (`scripts/benchmarks/count_allocations.c`): one connection, "
        f"{result['requests']:,} requests one after the other, the median of {result['rounds']} rounds, PostgreSQL stopped. The limits are "
        "`Benchmarks/Thresholds/allocations.json`; `make bench` fails above them.", "",
        "| request | allocations | limit | |", "|---|---|---|---|",
    ]
    for name, figures in result["allocations"].items():
        met = "met" if figures["each"] <= figures["limit"] else "**missed**"
        lines.append(f"| {name} | {figures['each']:.1f} | at most {figures['limit']} | {met} |")
    return [*lines, ""]
