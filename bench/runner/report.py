"""Writes results as Markdown."""

import platform
import subprocess
from pathlib import Path

from . import judge, measure


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


def table(head, rows):
    """`head`: the cells of the first line; those that begin with `>` stand on the right."""
    line = lambda cells: f"| {' | '.join(cells)} |"
    names = [name.lstrip(">") for name in head]
    marks = ["---:" if name.startswith(">") else "---" for name in head]
    return "\n".join([line(names), line(marks), *map(line, rows)])


def compared(server, ratios, cost):
    """What a server takes beside the first, if it is compared with it."""
    return ratios.of(server, cost).told("{:.2f}") if server.is_compared and server.rounds is not ratios.base else ""


def whole_table(servers, ratios):
    cost = lambda one: one.processor_us
    rows = [
        (one.name, f"{one.middle(cost).median:,.1f} µs", compared(one, ratios, cost),
         f"{one.middle(lambda of: of.per_second).median:,.0f}", f"{one.middle(lambda of: of.p50_us).median:,.0f} µs",
         f"{one.middle(lambda of: of.p99_us).median:,.0f} µs")
        for one in servers
    ]
    return table(["", ">processor time per request", ">beside the forwarder (quartiles)", ">requests/s", ">p50", ">p99"], rows)


def pieces_table(servers, ratios, unit):
    cost = measure.COSTS[unit]
    rows = [
        (one.name, f"{one.middle(cost).median:,.1f} µs", compared(one, ratios, cost),
         *(f"{measure.median(one, key):,.0f} µs" for key in ("first_p50_us", "delay_p50_us", "delay_p99_us")))
        for one in servers
    ]
    head = ["", f">processor time per {unit}", ">beside the forwarder (quartiles)", ">first text p50", ">delay p50", ">delay p99"]
    return table(head, rows)


def judged_table(judged):
    """All targets. A run that is too noisy has the figures and no verdict."""
    is_noisy = judge.is_noisy(judged)
    rows = [(one.what, f"≤ {one.form.format(one.target)}", one.value.told(one.form), "" if is_noisy else one.verdict)
            for one in judged]
    text = table(["", ">target", ">measured (quartiles)", ""], rows)
    if is_noisy:
        text = "**This run is too noisy: nothing is judged.** Of too many targets the rounds lie on both sides.\n\n" + text
    return text
