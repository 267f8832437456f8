"""The benchmark: `python3 -m runner.main --binaries FOLDER`; run.sh builds first."""

import argparse
import contextlib
import datetime
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from . import bodies, cases, measure, peers, report
from .processes import Process, allow_many_files, cores

HERE = Path(__file__).resolve().parent.parent
ALONE = "forwarder on the runtime for one thread"
SLOW_MS = 1000
# The most that the proxy may delay a small piece of a stream, beyond what the way without it takes.
DELAY_MS = 5


def arguments():
    parser = argparse.ArgumentParser(prog="bench/run.sh")
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and requests")
    parser.add_argument("--peers", action="store_true", help="also other proxies")
    parser.add_argument("--only", default="", metavar="TEXT", help="only parts whose name contains this")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the results go")
    return parser.parse_args()


class Bench:
    """All servers, and what is measured with them."""

    def __init__(self, args, folder, stack):
        self.args, self.folder, self.stack = args, Path(folder), stack
        self.core, self.other = cores()
        self.rounds = 2 if args.quick else 5
        self.parts = []
        self.missed = []
        start, tool = self.start, self.tool
        self.stand_in = start("stand-in", tool("argo-openai-proxy"), "stand-in", "--workers", "1")
        self.paced = start("paced", tool("paced"), 50, 16, cases.PACE_MS, "text")
        self.openai = start("openai", tool("paced"), 50, 16, cases.PACE_MS, "openai")
        self.anthropic = start("anthropic", tool("paced"), 50, 16, cases.PACE_MS, "anthropic")
        self.slow = start("slow", tool("paced"), 10, 16, SLOW_MS, "text")
        self.bulk = start("bulk", tool("paced"), 2560, 4096, 0, "text")
        self.bare = start("bare", tool("bare"), self.stand_in.address, core=self.core)
        self.alone = start("bare-alone", tool("bare"), self.stand_in.address, "alone", core=self.core)
        self.table = self.folder / "routes.yaml"
        self.table.write_text((HERE / "routes.yaml").read_text().replace("../routes.yaml", str(HERE.parent / "routes.yaml")))
        self.env = {"STAND_IN": self.stand_in.address, "PACED": self.paced.address, "SLOW": self.slow.address,
                    "BULK": self.bulk.address, "OPENAI": self.openai.address, "ANTHROPIC": self.anthropic.address,
                    "RUST_LOG": "info"}
        self.command = (tool("argo-openai-proxy"), "serve", "--config", HERE / "config.yaml", "--routes", self.table)
        self.proxy = start("proxy", *self.command, core=self.core, env=self.env)

    def start(self, name, *command, core=None, env=None):
        core = self.other if core is None else core
        # Where the shipped table is the one that is found.
        process = Process(name, command, core, self.folder / f"{name}.log", env, cwd=HERE.parent)
        return self.stack.enter_context(process)

    def tool(self, name):
        return self.args.binaries / name

    def wanted(self, name):
        return self.args.only.lower() in name.lower()

    def add(self, name, text):
        self.parts.append(f"### {name}\n\n{text}\n")
        print(f"\n{self.parts[-1]}", flush=True)

    def whole(self):
        for case in cases.whole(self.args.quick):
            if not self.wanted(case.name):
                continue
            servers = {}
            if case.plain is not None or case.method == "GET":
                servers["forwarder"] = (self.bare, case.direct, "plain", None)
            servers["this proxy"] = (self.proxy, case.exact, "asked", case.exact_target)
            if case.estimate:
                servers["this proxy, `usage: estimate`"] = (self.proxy, case.estimate, "asked", case.estimate_target)
            if case.is_first and not self.args.quick:
                servers[ALONE] = (self.alone, case.direct, "plain", None)
            servers["no proxy: the stand-in itself"] = (self.stand_in, case.direct, "plain", None)
            lines = measure.whole(case, servers, self.other, self.rounds, self.folder)
            for one in lines:
                if one.server.startswith("no proxy"):
                    one.ratio = None
            self.add(case.name, report.whole_table(lines))

    def body(self, name, pair):
        paths = {}
        for kind, text in zip(("asked", "plain"), pair):
            paths[kind] = self.folder / f"{name}-{kind}.json"
            paths[kind].write_text(text)
        return paths

    def streamed(self):
        for case in cases.streamed():
            if not self.wanted(case.name):
                continue
            body, upstream = self.body("stream", (case.asked, case.plain)), getattr(self, case.upstream)
            forwarder = (self.tool("bare"), upstream.address)
            with (Process("bare-stream", forwarder, self.core, self.folder / "bare-stream.log") as bare,
                  Process("bare-stream-alone", (*forwarder, "alone"), self.core, self.folder / "alone-stream.log") as alone):
                servers = {"forwarder": (bare, "/", "plain"), "this proxy": (self.proxy, case.path, "asked"),
                           ALONE: (alone, "/", "plain"), "direct": (upstream, "/", "plain")}
                if self.args.quick:
                    del servers[ALONE]
                told = measure.pieces(self.tool("streams"), servers, self.other, body, self.rounds, case.streams, case.every_ms)
            text = report.pieces_table(told, "forwarder", case.target, case.unit)
            if case.every_ms:
                delay = (told["this proxy"]["delay_p50_us"] - told["direct"]["delay_p50_us"]) / 1000
                fact = f"delay of a piece beyond the direct way: {delay:.2f} ms (target in ms: {report.met(delay, DELAY_MS)})"
                text += f"\n\nMedian {fact}."
                if delay > DELAY_MS:
                    self.missed.append(fact)
            self.add(case.name, text)

    def many(self, facts):
        streams = 500 if self.args.quick else 5000
        name = f"{streams:,} open streams"
        if not self.wanted(name):
            return
        if allow_many_files() < streams * 2 + 200:
            facts.append((name, "too few open files are allowed (ulimit -Hn)", None, ""))
            return
        body = self.body("many", bodies.chat("Be brief.", bodies.QUESTION, stream=True))["asked"]
        with Process("bare-many", (self.tool("bare"), self.slow.address), self.core, self.folder / "bare-many.log") as bare:
            plain = measure.many_streams(self.tool("streams"), bare, self.other, "/", body, streams, SLOW_MS)
        # A fresh one: what earlier loads left in the allocator would hide what streams need.
        fresh = Process("proxy-many", self.command, self.core, self.folder / "proxy-many.log", self.env)
        with fresh as proxy:
            came = measure.many_streams(self.tool("streams"), proxy, self.other, "/slow", body, streams, SLOW_MS)
        facts.append((f"memory for each of {name}, a piece a second each", f"{came['kib']:.1f} KiB", came["kib"] <= 40, "≤ 40 KiB"))
        facts.append(("the same for the forwarder", f"{plain['kib']:.1f} KiB", None, ""))
        facts.append((f"worst silence between two pieces of {name}, beyond their pace", f"{came['stall_us'] / 1e3:,.0f} ms", None, ""))

    def rest(self, idle):
        facts = []
        size = self.tool("argo-openai-proxy").stat().st_size / 2**20
        if self.wanted("idle memory"):
            facts.append(("idle memory", f"{idle / 1024:.1f} MiB", idle / 1024 <= 25, "≤ 25 MiB"))
        if self.wanted("binary size"):
            facts.append(("binary size", f"{size:.1f} MiB", None, ""))
        body = self.body("start", bodies.chat("Be brief.", bodies.QUESTION))["asked"]
        if self.wanted("start"):
            taken = measure.starts(self.command + ("--quiet",), {**os.environ, **self.env}, body, 5 if self.args.quick else 11)
            facts.append(("from the start to the first answer", f"{taken:.0f} ms", taken < 100, "< 100 ms"))
        if self.wanted("reload"):
            came, marks = measure.reload_under_load(self.proxy, self.other, body, self.table, 4000 if self.args.quick else 20000)
            facts.append(("reloads under load: failed requests", f"0 of {came.requests:,}", True, "0"))
            facts.append(("reloads under load: from write to use, the slowest", f"{max(marks):.2f} s", max(marks) < 1, "< 1 s"))
        self.many(facts)
        if facts:
            self.add("Memory, start and reload", report.facts_table(facts))

    def run(self):
        idle = self.proxy.memory_kib()
        self.whole()
        self.streamed()
        self.rest(idle)
        if self.args.peers:
            peers.measure_all(self)


def head(args, minutes):
    lines = [
        "# Results", "",
        f"`bench/run.sh{' --quick' if args.quick else ''}{' --peers' if args.peers else ''}`, {datetime.date.today()}, in {minutes:.0f} minutes, {report.machine()}.", "",
        f"- {report.version(str(args.binaries / 'argo-openai-proxy'), '--version')}, profile `dist`, one thread, one core",
        f"- {report.version('rustc', '--version')}; {report.version('oha', '--version')}; forwarder: pingora 0.9.1, one thread, the same core", "",
        "Medians of interleaved rounds. Processor time is the proxy's own, from the kernel, divided by requests: latencies and",
        "rates also hold what the load generator and the upstream take on the other core.", "",
    ]
    return "\n".join(lines)


def main():
    args = arguments()
    allow_many_files()
    folder = tempfile.mkdtemp(prefix="argo-bench-")
    begun = time.monotonic()
    try:
        with contextlib.ExitStack() as stack:
            bench = Bench(args, folder, stack)
            bench.run()
    except RuntimeError as error:
        sys.exit(f"error: {error}\nLogs: {folder}")
    text = head(args, (time.monotonic() - begun) / 60) + "\n" + "\n".join(bench.parts)
    out = args.out or (None if args.quick or args.only else HERE / "RESULTS.md")
    if out:
        out.write_text(text)
        print(f"Written: {out}")
    shutil.rmtree(folder)
    if bench.missed:
        sys.exit("missed: " + "; ".join(bench.missed))


if __name__ == "__main__":
    main()
