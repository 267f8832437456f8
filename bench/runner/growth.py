"""Counts the instructions of each curve at each of its sizes, and writes the table of docs/performance.md; growth.sh builds first."""

import argparse
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from . import page

# Two runs, whose difference is what one more turn costs, without the start. What is cheap is repeated more often, since the starts differ
# by what random numbers of a process bring.
FEW, MANY, OFTEN = 2, 12, 1002
CHEAP = 100_000
# What is flat may cost so many times as much at the largest size as at the smallest one.
FLAT = 1.3
# What is linear may cost so many times as much for each thing at the largest size as at the one before.
LINEAR = 1.3


def counted(program, times, name, size):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, str(times), name, str(size)],
        check=True, capture_output=True, text=True,
    )
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def measured(program, name, size):
    each = lambda many: (counted(program, many, name, size) - counted(program, FEW, name, size)) // (many - FEW)
    count = each(MANY)
    return count if count > CHEAP else each(OFTEN)


def curves(program):
    for line in subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines():
        name, of, expected, *sizes = line.split()
        yield name, of, expected, [int(size) for size in sizes]


def times_of(expected, sizes, counts):
    """How many times as much as it should: the whole for what is flat, each thing for what is linear."""
    if expected == "flat":
        return counts[-1] / counts[0]
    # The first things share what the operation costs without any.
    more = [(later - earlier) / (size - before) for before, size, earlier, later in zip(sizes, sizes[1:], counts, counts[1:])]
    return more[-1] / max(more[-2], 1)


def row(name, of, expected, sizes, counts):
    growth = times_of(expected, sizes, counts)
    is_good = growth <= (FLAT if expected == "flat" else LINEAR)
    cells = ", ".join(f"{size:,}: {count:,}" for size, count in zip(sizes, counts))
    print(f"{name:22} {expected:7} {'✓' if is_good else '✗'} {growth:6.2f}  {cells}", flush=True)
    each = "" if expected == "flat" else f"{(counts[-1] - counts[-2]) / (sizes[-1] - sizes[-2]):,.0f}"
    words = name.replace("_", " ")
    return is_good, f"| {words}, {of} | {sizes[0]:,}: {counts[0]:,} | {sizes[-1]:,}: {counts[-1]:,} | {each} | {expected} {'✓' if is_good else '✗'} {growth:.2f} × |"


HEAD = "| | instructions at the smallest size | at the largest | for each one more | should be |\n|---|---:|---:|---:|---|\n"


def main():
    parser = argparse.ArgumentParser(prog="bench/growth.sh")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", help="measures these alone, and writes nothing")
    args = parser.parse_args()
    wanted = [curve for curve in curves(args.program) if not args.names or curve[0] in args.names]
    rows = []
    with ThreadPoolExecutor(2) as pool:
        counts = [[pool.submit(measured, args.program, name, size) for size in sizes] for name, _, _, sizes in wanted]
        for curve, of_curve in zip(wanted, counts):
            rows.append(row(*curve, [count.result() for count in of_curve]))
    if not args.names:
        page.write("bench/growth.sh", HEAD + "".join(f"{text}\n" for _, text in rows))
    if not all(is_good for is_good, _ in rows):
        sys.exit("Something grows faster than it should: see ✗.")


if __name__ == "__main__":
    main()
