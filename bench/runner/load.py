"""Load: `oha` for requests, the stamped streams' reader for pieces."""

import json
import subprocess
import threading
from dataclasses import dataclass


# Seconds after which a load is given up.
LONGEST = 120


@dataclass
class Loaded:
    """What came of one load on one server."""

    requests: int
    processor_us: float  # of the server, per request
    per_second: float
    p50_us: float
    p99_us: float


def oha(server, core, path, body, requests, connections, method="POST"):
    """Sends `requests` over `connections` that stay open; anything but success is an error."""
    command = [
        "taskset", "-c", str(core), "oha", "--no-tui", "--output-format", "json", "-n", str(requests),
        "-c", str(connections), "-m", method, "--worker-threads", "1", "-H", "Authorization: Bearer unused",
    ]
    if body is not None:
        command += ["-T", "application/json", "-D", str(body)]
    before = server.processor_ns()
    done = subprocess.run([*command, f"http://{server.address}{path}"], check=True, capture_output=True, text=True,
                          timeout=LONGEST)
    spent = server.processor_ns() - before
    told = json.loads(done.stdout)
    statuses = told["statusCodeDistribution"]
    if statuses != {"200": requests}:
        raise RuntimeError(f"{server.name}{path}: {statuses} {told['errorDistribution']} (see {server.log})")
    at = told["latencyPercentiles"]
    return Loaded(requests, spent / requests / 1e3, told["summary"]["requestsPerSec"], at["p50"] * 1e6, at["p99"] * 1e6)


def streams(tool, server, core, path, body, count, every_ms, when_open=None):
    """Reads stamped streams; calls `when_open` while all of them are. Returns what the reader tells, with the server's
    processor time in nanoseconds."""
    before = server.processor_ns()
    child = subprocess.Popen(
        ["taskset", "-c", str(core), tool, server.address, path, str(body), str(count), str(every_ms)],
        stdout=subprocess.PIPE, text=True,
    )
    told = {}
    guard = threading.Timer(LONGEST, child.kill)
    guard.start()
    for line in child.stdout:
        if line.strip() == "open":
            if when_open:
                when_open()
        else:
            told = json.loads(line)
    guard.cancel()
    if child.wait() != 0 or told.get("failed") or not told.get("streams"):
        raise RuntimeError(f"{server.name}{path}: streams failed: {told} (see {server.log})")
    told["processor_ns"] = server.processor_ns() - before
    return told
