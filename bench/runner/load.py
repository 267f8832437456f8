"""Load: `oha` for requests, `fresh` for requests whose text is new each time, the stamped streams' reader for pieces."""

import json
import subprocess
import threading
from dataclasses import dataclass

# Seconds after which a load is given up.
LONGEST = 120


@dataclass
class Loaded:
    """What came of one load on one server."""

    processor_us: float  # of the server, per request
    per_second: float
    p50_us: float
    p99_us: float


def on_core(core, server, *command):
    """Runs a load; returns what it prints, as JSON, and the server's processor time in microseconds."""
    before = server.processor_ns()
    done = subprocess.run(["taskset", "-c", str(core), *map(str, command)], capture_output=True, text=True, timeout=LONGEST)
    spent = server.processor_ns() - before
    if done.returncode != 0:
        raise RuntimeError(f"{server.name}: {done.stderr.strip()[-400:]} (see {server.log})")
    return json.loads(done.stdout), spent / 1e3


def oha(server, core, path, body, requests, connections, method="POST"):
    """Sends `requests` over `connections` that stay open; anything but success is an error."""
    command = [
        "oha", "--no-tui", "--output-format", "json", "-n", requests, "-c", connections, "-m", method,
        "--worker-threads", "1", "-H", "Authorization: Bearer unused",
    ]
    if body is not None:
        command += ["-T", "application/json", "-D", body]
    told, spent = on_core(core, server, *command, f"http://{server.address}{path}")
    statuses = told["statusCodeDistribution"]
    if statuses != {"200": requests}:
        raise RuntimeError(f"{server.name}{path}: {statuses} {told['errorDistribution']} (see {server.log})")
    at = told["latencyPercentiles"]
    return Loaded(spent / requests, told["summary"]["requestsPerSec"], at["p50"] * 1e6, at["p99"] * 1e6)


def fresh(tool, texts, server, core, path, body, requests, connections, size, seed):
    """The same with `size` bytes of text in each body that no request had before."""
    told, spent = on_core(core, server, tool, server.address, path, body, texts, size, requests, connections, seed)
    return Loaded(spent / requests, told["per_second"], told["p50_us"], told["p99_us"])


def streams(tool, server, core, path, body, count, every_ms, when_open=None):
    """Reads stamped streams; calls `when_open` while all of them are. Returns what the reader tells, with the server's
    processor time in nanoseconds."""
    before = server.processor_ns()
    child = subprocess.Popen(
        ["taskset", "-c", str(core), tool, server.address, path, str(body), str(count), str(every_ms)],
        stdout=subprocess.PIPE, text=True,
    )
    told, is_open = {}, False
    guard = threading.Timer(LONGEST, child.kill)
    guard.start()
    for line in child.stdout:
        if line.strip() == "open":
            is_open = True
            if when_open:
                when_open()
        else:
            told = json.loads(line)
    guard.cancel()
    if child.wait() != 0 or told.get("failed") or not told.get("streams"):
        raise RuntimeError(f"{server.name}{path}: streams failed: {told} (see {server.log})")
    if when_open and not is_open:
        raise RuntimeError(f"{server.name}{path}: some of {count:,} streams ended before all were open (see {server.log})")
    told["processor_ns"] = server.processor_ns() - before
    return told
