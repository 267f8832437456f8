"""Measures one case: all servers in turn, several rounds, medians."""

import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from . import load


@dataclass
class Line:
    """One server in one case, with its medians."""

    server: str
    processor_us: float
    spread: float  # between the rounds' extremes, as a share of the median
    ratio: float | None  # of processor time to the forwarder's, the median of the rounds
    per_second: float
    p50_us: float
    p99_us: float
    target: float | None = None


def whole(case, servers, core, rounds, folder, shares=None):
    """`servers`: name → (process, path, which body, target). The first is what the others are compared with. `shares`: name →
    how many times fewer requests it gets."""
    files = {}
    for kind, text in (("asked", case.asked), ("plain", case.plain)):
        files[kind] = None
        if text is not None:
            files[kind] = Path(folder) / f"{kind}.json"
            files[kind].write_text(text)
    results = {name: [] for name in servers}
    for number in range(rounds + 1):
        for name, (process, path, kind, _) in servers.items():
            requests = case.requests // (shares or {}).get(name, 1)
            if not number:  # the first round warms up
                requests = max(case.connections, requests // 10)
            came = load.oha(process, core, path, files[kind], requests, case.connections, case.method)
            if number:
                results[name].append(came)
    base = next(iter(results))
    return [line(name, results[name], results[base] if name != base else None, servers[name][3]) for name in results]


def line(name, rounds, base, target):
    spent = [one.processor_us for one in rounds]
    middle = statistics.median
    ratio = middle(one.processor_us / other.processor_us for one, other in zip(rounds, base)) if base else None
    return Line(
        name, middle(spent), (max(spent) - min(spent)) / middle(spent), ratio,
        middle(one.per_second for one in rounds), middle(one.p50_us for one in rounds),
        middle(one.p99_us for one in rounds), target,
    )


def pieces(tool, servers, core, body, rounds, streams, every_ms):
    """Paced or bulk streams: medians of what the reader tells, per server. The first server is what the others are compared with."""
    results = {name: [] for name in servers}
    for number in range(rounds + 1):
        for name, (process, path, kind) in servers.items():
            came = load.streams(tool, process, core, path, body[kind], streams, every_ms)
            if number:
                results[name].append(came)
    costs = {"piece": lambda one: one["processor_ns"] / one["pieces"] / 1e3,
             "megabyte": lambda one: one["processor_ns"] / one["bytes"] * 1e3}
    told, base = {}, results[next(iter(results))]
    for name, rounds_of in results.items():
        keys = [key for key, value in rounds_of[0].items() if isinstance(value, (int, float))]
        told[name] = {key: statistics.median(one[key] for one in rounds_of) for key in keys}
        for unit, cost in costs.items():
            told[name][f"{unit}_us"] = statistics.median(map(cost, rounds_of))
            told[name][f"{unit}_ratio"] = statistics.median(cost(one) / cost(other) for one, other in zip(rounds_of, base))
    return told


def many_streams(tool, process, core, path, body, streams, every_ms):
    """Memory per open stream, and the worst stall."""
    before = process.memory_kib()
    at_most = []
    watching = threading.Event()

    def watch():
        while not watching.is_set():
            at_most.append(process.memory_kib())
            time.sleep(0.2)

    watcher = threading.Thread(target=watch, daemon=True)
    came = load.streams(tool, process, core, path, body, streams, every_ms, when_open=watcher.start)
    watching.set()
    watcher.join()
    came["kib"] = (max(at_most) - before) / streams
    return came


def reload_under_load(proxy, core, body, table, requests):
    """Writes the table anew while requests run: how many of them failed (none may), and how long until it was in use."""
    marks = []

    def write():
        time.sleep(0.3)
        text = table.read_text()
        for number in range(3):
            reloads = proxy.log.read_text().count("reloaded: table")
            begun = time.monotonic()
            table.write_text(f"{text}# {number}\n")
            while proxy.log.read_text().count("reloaded: table") == reloads and time.monotonic() < begun + 5:
                time.sleep(0.002)
            marks.append(time.monotonic() - begun)
        table.write_text(text)

    writer = threading.Thread(target=write)
    writer.start()
    came = load.oha(proxy, core, "/v1/chat/completions", body, requests, 32)
    writer.join()
    return came, marks


def starts(command, env, body, times):
    """Milliseconds from the start of the process to its first whole answer."""
    taken = []
    for _ in range(times):
        begun = time.monotonic()
        child = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=env, text=True)
        address = next(text.split("http://")[1].strip() for text in child.stderr if text.startswith("listening on"))
        subprocess.run(["curl", "-sf", "-o", "/dev/null", "-d", f"@{body}", "-H", "Content-Type: application/json",
                        f"http://{address}/v1/chat/completions"], check=True)
        taken.append((time.monotonic() - begun) * 1e3)
        child.terminate()
        child.wait()
    return statistics.median(taken)
