"""Writes results as Markdown."""

import platform
import subprocess
from pathlib import Path


def machine():
    """What this ran on."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((text.split(":")[1].strip() for text in info.splitlines() if text.startswith("model name")), platform.machine())
    count = info.count("processor\t")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 2**20
    return f"{model}, {count} cores, {memory} GiB, Linux {platform.release().split('-')[0]}"


def version(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().splitlines()[0]
    except (OSError, subprocess.CalledProcessError):
        return f"{command[0]}: not found"


def met(value, target):
    if target is None:
        return ""
    return f"≤ {target:g} ✓" if value <= target else f"≤ {target:g} ✗"


def whole_table(lines):
    rows = ["| | processor time per request | to the forwarder's | target | spread | requests/s | p50 | p99 |",
            "|---|---:|---:|---|---:|---:|---:|---:|"]
    for one in lines:
        ratio = f"{one.ratio:.2f} ×" if one.ratio else ""
        target = met(one.ratio, one.target) if one.ratio else ""
        rows.append(
            f"| {one.server} | {one.processor_us:,.1f} µs | {ratio} | {target} | {one.spread:.0%} | {one.per_second:,.0f} "
            f"| {one.p50_us:,.0f} µs | {one.p99_us:,.0f} µs |"
        )
    return "\n".join(rows)


def facts_table(facts):
    """`facts`: (what, value as text, whether the target is met or None, the target as text)."""
    rows = ["| | measured | target |", "|---|---:|---|"]
    for what, value, is_met, target in facts:
        mark = "" if is_met is None else f"{target} {'✓' if is_met else '✗'}"
        rows.append(f"| {what} | {value} | {mark} |")
    return "\n".join(rows)


def pieces_table(told, base, target, unit):
    rows = [f"| | processor time per {unit} | to the forwarder's | target | first text p50 | delay p50 | delay p99 | wall time |",
            "|---|---:|---:|---|---:|---:|---:|---:|"]
    for name, one in told.items():
        ratio = one[f"{unit}_ratio"] if name != base else None
        rows.append(
            f"| {name} | {one[f'{unit}_us']:,.1f} µs | {f'{ratio:.2f} ×' if ratio else ''} | {met(ratio, target) if ratio and name == 'this proxy' else ''} "
            f"| {one['first_p50_us']:,.0f} µs | {one['delay_p50_us']:,.0f} µs | {one['delay_p99_us']:,.0f} µs | {one['seconds']:.2f} s |"
        )
    return "\n".join(rows)
