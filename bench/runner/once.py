"""What is no matter of rounds: memory, the start, reloads under load, and how streams that are open add up."""

import http.client
import os
import subprocess
import threading
import time

from . import load, report
from .judge import Middle
from .processes import Process, allow_many_files
from .servers import SLOW_MS

STREAMS = 5000
# So many streams, where the system allows as many files.
SIZES = (1, 100, 1000, STREAMS, 10_000)


def facts(bench):
    """Memory, start and reloads."""
    servers, rows = bench.servers, []
    if bench.wanted("idle memory"):
        idle = servers.idle_kib / 1024
        bench.judge("idle memory", Middle.of([idle]), 14, "{:.1f} MiB")
        rows.append(("idle memory", f"{idle:.1f} MiB"))
        rows.append(("binary size", f"{servers.tool('argo-openai-proxy').stat().st_size / 2**20:.1f} MiB"))
    if bench.wanted("start"):
        taken = Middle.of(starts(servers, 5 if bench.args.quick else 21))
        bench.judge("from the start to the first answer", taken, 60, "{:.0f} ms")
        rows.append(("from the start to the first answer (quartiles)", taken.told("{:.0f} ms")))
    if bench.wanted("reload"):
        requests, marks = reloads(servers)
        rows.append(("reloads under load: failed requests", f"0 of {requests:,}"))
        rows.append(("reloads under load: from write to use, the slowest of three", f"{max(marks):.2f} s"))
    if rows:
        bench.add("Memory, start and reload", report.table(["", ">measured"], rows))


def starts(servers, times):
    """Milliseconds from the start of the process to its first whole answer."""
    body, headers, taken = servers.question().read_bytes(), {"Content-Type": "application/json"}, []
    for _ in range(times):
        begun = time.monotonic()
        child = subprocess.Popen([*map(str, servers.command), "--quiet"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                 env={**os.environ, **servers.env}, text=True)
        address = next(text.split("http://")[1].strip() for text in child.stderr if text.startswith("listening on"))
        connection = http.client.HTTPConnection(address, timeout=30)
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        answer.read()
        taken.append((time.monotonic() - begun) * 1e3)
        connection.close()
        child.terminate()
        child.communicate()
        if answer.status != 200:
            raise RuntimeError(f"the first answer was {answer.status}")
    return taken


def reloads(servers):
    """Writes the table anew three times while requests run. None may fail. Returns their number, and the seconds until each table was
    in use."""
    marks, table, log = [], servers.table, servers.proxy.log

    def write():
        text = table.read_text()
        for number in range(3):
            before = log.read_text().count("reloaded: table")
            begun = time.monotonic()
            table.write_text(f"{text}# {number}\n")
            while log.read_text().count("reloaded: table") == before:
                if time.monotonic() > begun + 5:
                    return
                time.sleep(0.002)
            marks.append(time.monotonic() - begun)
        table.write_text(text)

    ask = lambda count: load.oha(servers.proxy, servers.other, "/v1/chat/completions", servers.question(), count, 32)
    writer, requests = threading.Thread(target=write), 0
    ask(500)
    writer.start()
    # The load ends after the last reload, however fast the machine is.
    while writer.is_alive():
        requests += 1000
        ask(1000)
    writer.join()
    if len(marks) < 3:
        raise RuntimeError(f"a table was not in use after 5 s (see {log})")
    return requests, marks


def many(bench):
    """What each open stream takes, from one to as many as the system allows."""
    if not bench.wanted("open streams"):
        return
    servers, rows, allowed = bench.servers, [], allow_many_files()
    body = servers.question(stream=True)
    for size in SIZES[:2] if bench.args.quick else SIZES:
        # The proxy takes three descriptors for a stream, and closes young connections above 85 % of what it may have.
        needed = int(size * 3 / 0.85) + 200
        if allowed < needed:
            rows.append((f"{size:,}", *[f"needs {needed:,} open files of {allowed:,} that the system allows"] + [""] * 4))
            continue
        bare = fresh(servers, "bare-many", (servers.tool("bare"), servers.slow.address), "/", body, size)
        # A fresh one: what earlier loads left in the allocator would hide what streams need.
        ours = fresh(servers, "proxy-many", servers.command, "/slow", body, size)
        ratio = ours["kib"] / bare["kib"]
        if size == STREAMS:
            bench.judge(f"memory of one of {size:,} open streams", Middle.of([ratio]), 0.7, "{:.2f} ×")
        rows.append((f"{size:,}", f"{ours['kib']:.1f} KiB", f"{bare['kib']:.1f} KiB", f"{ratio:.2f}",
                     f"{ours['piece_us']:.1f} µs", f"{bare['piece_us']:.1f} µs", f"{ours['stall_us'] / 1e3:,.0f} ms"))
    head = ["streams, a piece a second each", ">memory of one", ">of the forwarder's", ">beside it", ">processor time of a piece",
            ">of the forwarder's", ">worst silence beyond the pace"]
    bench.add("Open streams", report.table(head, rows))


def fresh(servers, name, command, path, body, streams):
    """Streams through a process of their own."""
    with Process(name, command, servers.core, servers.folder / f"{name}.log", servers.env, cwd=servers.table.parent) as process:
        before, seen, done = process.memory_kib(), [], threading.Event()

        def watch():
            while not done.wait(0.2):
                seen.append(process.memory_kib())

        watcher = threading.Thread(target=watch, daemon=True)
        came = load.streams(servers.tool("streams"), process, servers.other, path, body, streams, SLOW_MS, when_open=watcher.start)
        done.set()
        watcher.join()
    came["kib"] = (max(seen) - before) / streams
    came["piece_us"] = came["processor_ns"] / came["pieces"] / 1e3
    return came
