"""The benchmark: `python3 -m runner.main --binaries FOLDER --as-built FILE`; run.sh builds first."""

import argparse
import contextlib
import datetime
import shutil
import sys
import tempfile
import time
from pathlib import Path

from . import cases, load, measure, once, peers, report
from .judge import Judged
from .measure import Server
from .processes import allow_many_files
from .servers import HERE, Servers

# The most that the proxy may delay a small piece of a stream, beyond what the way without it takes.
DELAY_MS = 5
ALONE = "forwarder on the runtime for one thread"
DEFAULT = "this proxy as `run_app.sh` builds it, default settings, on the same core"


def arguments():
    parser = argparse.ArgumentParser(prog="bench/run.sh")
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--as-built", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and requests")
    parser.add_argument("--peers", action="store_true", help="also other proxies")
    parser.add_argument("--only", default="", metavar="TEXT", help="only parts whose name contains this")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the results go")
    return parser.parse_args()


class Bench:
    """All parts, and the targets with what came of them."""

    def __init__(self, args, servers):
        self.args, self.servers = args, servers
        self.rounds = 3 if args.quick else 9
        self.parts, self.judged, self.missed = [], [], []

    def wanted(self, name):
        return self.args.only.lower() in name.lower()

    def add(self, name, text):
        self.parts.append(f"### {name}\n\n{text}\n")
        print(f"\n{self.parts[-1]}", flush=True)

    def judge(self, what, value, target, form="{:.2f} ×"):
        self.judged.append(Judged(what, value, target, form))

    def whole(self, case):
        servers = self.of_case(case)
        ratios = measure.whole(case, servers, self.ask(case), self.rounds)
        self.add(case.name, report.whole_table(servers, ratios))
        for one in servers:
            if one.target:
                what = f"{case.name}: {one.name.removeprefix('this proxy, ')}"
                self.judge(what.removesuffix(": this proxy"), ratios.of(one, lambda of: of.processor_us), one.target)
        if case.added_target:
            ours = next(one for one in servers if one.path == case.exact)
            self.judge(f"{case.name}: longer than by the forwarder, p50", ratios.added(ours, lambda of: of.p50_us),
                       case.added_target, "{:.0f} µs")
            added = ratios.added(ours, lambda of: of.p99_us).told("{:,.0f} µs")
            self.parts[-1] += f"\nLonger than by the forwarder in the same round, p99 (quartiles): {added}.\n"

    def of_case(self, case):
        """The servers of a case. The first is what the others are compared with."""
        its, folder = self.servers, self.servers.folder
        asked = [(measure.written(folder, "asked", case.asked), 1)]
        plain = [(measure.written(folder, f"plain-{at}", text), times) for at, (text, times) in enumerate(case.plain)]
        servers = [Server("forwarder", its.bare, case.direct, plain)]
        if case.is_first:
            servers.append(Server("the same forwarder once more: what noise is", its.again, case.direct, plain))
        servers.append(Server("this proxy", its.proxy, case.exact, asked, case.exact_target))
        if case.estimate:
            servers.append(Server("this proxy, `usage: estimate`", its.proxy, case.estimate, asked, case.estimate_target))
        if case.shows_default:
            servers.append(Server(DEFAULT, its.default, case.exact, asked))
        if case.is_first and not self.args.quick:
            servers.append(Server(ALONE, its.alone, case.direct, plain))
        if not self.args.quick:
            servers.append(Server("no proxy: the stand-in itself", its.stand_in, case.direct, plain, is_compared=False))
        return servers

    def ask(self, case):
        its = self.servers

        def load_of(server, body, requests, seed):
            if case.new_text:
                return load.fresh(its.tool("fresh"), its.texts, server.process, its.other, server.path, body, requests,
                                  case.connections, case.new_text, seed)
            return load.oha(server.process, its.other, server.path, body, requests, case.connections, case.method)

        return load_of

    def streamed(self, case):
        its, upstream = self.servers, getattr(self.servers, case.upstream)
        asked = [(measure.written(its.folder, "asked", case.asked), 1)]
        plain = [(measure.written(its.folder, "plain", case.plain), 1)]
        with its.forwarders(upstream) as (bare, alone):
            ours, direct = Server("this proxy", its.proxy, case.path, asked, case.target), Server("no proxy", upstream, "/", plain)
            direct.is_compared = False
            servers = [Server("forwarder", bare, "/", plain), ours, direct]
            if case.shows_default:
                servers.insert(2, Server(DEFAULT, its.default, case.path, asked))
                servers.insert(3, Server(ALONE, alone, "/", plain))
            ask = lambda server, body: load.streams(its.tool("streams"), server.process, its.other, server.path, body,
                                                    case.streams, case.every_ms)
            ratios = measure.streamed(case, servers, ask, self.rounds)
        self.add(case.name, report.pieces_table(servers, ratios, case.unit))
        self.judge(case.name, ratios.of(ours, measure.COSTS[case.unit]), case.target)
        if case.every_ms:
            delay = (measure.median(ours, "delay_p50_us") - measure.median(direct, "delay_p50_us")) / 1000
            if delay > DELAY_MS:
                self.missed.append(f"{case.name}: a piece is delayed by {delay:.2f} ms")

    def run(self):
        for all_of, one in ((cases.whole(self.args.quick), self.whole), (cases.streamed(), self.streamed)):
            for case in all_of:
                if self.wanted(case.name):
                    one(case)
        once.facts(self)
        once.many(self)
        if self.args.peers:
            peers.measure_all(self)


def head(args, bench, minutes):
    lines = [
        "# Results", "",
        f"`bench/run.sh{' --quick' if args.quick else ''}{' --peers' if args.peers else ''}`, {datetime.date.today()}, in {minutes:.0f} minutes, {report.machine()}.", "",
        f"- {report.version(str(args.binaries / 'argo-openai-proxy'), '--version')}, profile `dist`, one thread, one core",
        f"- {report.version('rustc', '--version')}; {report.version('oha', '--version')}; forwarder: pingora 0.9.1, one thread, the same core", "",
        f"Medians of {bench.rounds} interleaved rounds. Processor time is the proxy's own, from the kernel, divided by requests.",
        "Latencies and rates also hold what the load generator and the upstream take on the other core. What stands beside the",
        "forwarder is the median of the rounds' own ratios, with its quartiles.", "",
        "## Targets", "", report.judged_table(bench.judged), "",
        "## Figures", "",
    ]
    return "\n".join(lines)


def main():
    args = arguments()
    allow_many_files()
    folder = tempfile.mkdtemp(prefix="argo-bench-")
    begun = time.monotonic()
    try:
        with contextlib.ExitStack() as stack:
            bench = Bench(args, Servers(args, folder, stack))
            bench.run()
    except RuntimeError as error:
        sys.exit(f"error: {error}\nLogs: {folder}")
    text = head(args, bench, (time.monotonic() - begun) / 60) + "\n" + "\n".join(bench.parts)
    if bench.judged:
        print(f"\n{report.judged_table(bench.judged)}")
    out = args.out or (None if args.quick or args.only else HERE / "RESULTS.md")
    if out:
        out.write_text(text)
        print(f"Written: {out}")
    shutil.rmtree(folder)
    if bench.missed:
        sys.exit("missed: " + "; ".join(bench.missed))


if __name__ == "__main__":
    main()
