"""Compares the instructions of each path with those on record; guard.sh builds first."""

import argparse
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RECORD = ROOT / "bench/instructions.txt"
MARGIN = 0.1
# Two runs, whose difference is what one more turn costs, without the start.
FEW, MANY = 3, 53
# The start differs a little between two runs, since hashes are seeded at random. Cheap turns are repeated until that is nothing.
CHEAP, OFTEN = 100_000, 2003


def counted(program, times, name):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, str(times), name],
        check=True, capture_output=True, text=True,
    )
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def measure(program):
    names = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()

    def one(name):
        few = counted(program, FEW, name)
        cost = (counted(program, MANY, name) - few) // (MANY - FEW)
        return cost if cost > CHEAP else (counted(program, OFTEN, name) - few) // (OFTEN - FEW)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(one, names)))


def compiler():
    return subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.strip()


def check_compiler():
    """Counts of two compilers are no comparison, so there is one: the pinned one."""
    pinned = re.search(r'^channel = "(.+)"$', (ROOT / "rust-toolchain.toml").read_text(), re.M).group(1)
    here = compiler()
    if f"rustc {pinned} (" not in here:
        sys.exit(
            f"The record is of rustc {pinned}, which rust-toolchain.toml names, and this is {here}. rustup takes that one by itself: "
            f"unset RUSTUP_TOOLCHAIN, or install rustup (https://rustup.rs) and run: rustup toolchain install {pinned}"
        )
    return here


def write(counts):
    lines = [f"# Instructions of one turn, profile release, {compiler()}: bench/guard.sh --write"]
    lines += [f"{name} {count}" for name, count in counts.items()]
    RECORD.write_text("\n".join(lines) + "\n")


def compare(counts):
    """Prints all; returns what grew too much."""
    text = RECORD.read_text()
    before = {name: int(count) for name, count in re.findall(r"^(\w+) (\d+)$", text, re.M)}
    grown = []
    for name, count in counts.items():
        known = before.get(name)
        share = count / known - 1 if known else 0
        mark = "not on record" if known is None else f"{share:+.1%}"
        print(f"{name:20} {count:>12,}  {mark}")
        if known is None or share > MARGIN:
            grown.append(name)
    return grown + [f"{name} (gone)" for name in before if name not in counts]


def main():
    parser = argparse.ArgumentParser(prog="bench/guard.sh")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help="writes the record anew")
    args = parser.parse_args()
    here = check_compiler()
    if not args.write and here not in RECORD.read_text():
        sys.exit(f"The record is of another compiler than {here}. Measure anew, and read the difference: bench/guard.sh --write")
    counts = measure(args.program)
    if args.write:
        return write(counts)
    grown = compare(counts)
    if grown:
        sys.exit(f"More than {MARGIN:.0%} above the record, or not on it: {', '.join(grown)}. If that has a reason, say it and run: bench/guard.sh --write")


if __name__ == "__main__":
    main()
