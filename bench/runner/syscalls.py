"""Counts system calls with strace; syscalls.sh builds first."""

import argparse
import collections
import contextlib
import http.client
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from . import bodies, cases, page
from .processes import Process, cores
from .servers import HERE

# Two loads, whose difference is what one more request costs.
FEW, MANY = 20, 120
PIECES = 50
# A call, as strace counts it: share, seconds, microseconds each, calls, errors, name.
COUNTED = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", re.M)


def ask(address, path, body, times):
    """Requests one after the other over one connection."""
    connection = http.client.HTTPConnection(address, timeout=60)
    for _ in range(times):
        connection.request("POST", path, body, {"Content-Type": "application/json", "Authorization": "Bearer unused"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
    connection.close()


def counted(process, folder, work):
    """The calls of a process while something is done, by name."""
    told = Path(folder) / "strace"
    tracer = subprocess.Popen(["strace", "-f", "-c", "-o", told, "-p", str(process.pid)], stderr=subprocess.PIPE, text=True)
    # It says so when it is attached.
    tracer.stderr.readline()
    work()
    time.sleep(0.2)
    tracer.send_signal(signal.SIGINT)
    tracer.wait()
    return collections.Counter({name: int(calls) for calls, name in COUNTED.findall(told.read_text()) if name != "total"})


def each(process, folder, path, body, few, many, parts=1):
    """What one more request costs, by call, divided by its parts."""
    ask(process.address, path, body, few)
    less, more = (counted(process, folder, lambda: ask(process.address, path, body, times)) for times in (few, many))
    return {name: (more[name] - less[name]) / (many - few) / parts for name in more if more[name] - less[name] > (many - few) / 4}


def told(calls):
    names = sorted(calls.items(), key=lambda one: -one[1])
    return ", ".join(f"{name} {count:.1f}" for name, count in names if count >= 0.05)


def main():
    parser = argparse.ArgumentParser(prog="bench/syscalls.sh")
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    tools, core = parser.parse_args().binaries, cores()
    table = "| | calls | which |\n|---|---:|---|\n"
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())

        def start(name, *command, env=None, on=core[1]):
            process = Process(name, command, on, Path(folder) / f"{name}.log", env, cwd=HERE.parent)
            return stack.enter_context(process)

        stand_in = start("stand-in", tools / "argo-openai-proxy", "stand-in", "--workers", "1")
        paced = start("paced", tools / "paced", PIECES, 16, cases.PACE_MS, "text")
        routes = Path(folder) / "routes.yaml"
        routes.write_text((HERE / "routes.yaml").read_text().replace("../routes.yaml", str(HERE.parent / "routes.yaml")))
        env = {"STAND_IN": stand_in.address, **{name: paced.address for name in ("PACED", "SLOW", "BULK", "OPENAI", "ANTHROPIC", "CALLS")}}
        command = (tools / "argo-openai-proxy", "serve", "--config", HERE / "config.yaml", "--routes", routes)
        proxy = start("proxy", *command, env=env, on=core[0])
        chat = bodies.chat(bodies.prose(100), bodies.prose(900))
        stream = bodies.chat("Be brief.", bodies.QUESTION, stream=True)
        forwarder, streaming = (
            start(name, tools / "bare", upstream.address, on=core[0]) for name, upstream in (("bare", stand_in), ("bare-paced", paced))
        )
        for name, process, path, body, few, many, parts in (
            ("a chat: forwarder", forwarder, cases.CHAT, chat[1], FEW, MANY, 1),
            ("a chat: this proxy", proxy, "/v1/chat/completions", chat[0], FEW, MANY, 1),
            ("a piece: forwarder", streaming, "/", stream[1], 1, 5, PIECES),
            ("a piece: this proxy", proxy, "/v1/chat/completions", stream[0], 1, 5, PIECES),
        ):
            calls = each(process, folder, path, body, few, many, parts)
            table += f"| {name} | {sum(calls.values()):.1f} | {told(calls)} |\n"
    print(table)
    page.write("bench/syscalls.sh", table)


if __name__ == "__main__":
    main()
