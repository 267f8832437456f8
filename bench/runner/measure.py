"""Measures one case: all servers in turn, several rounds, and what each costs beside the first in the same round."""

import statistics
from dataclasses import dataclass, field
from pathlib import Path

from . import load
from .judge import Middle


@dataclass
class Server:
    """One server in one case."""

    name: str
    process: object
    path: str
    bodies: list  # each with how many of it make one request: [(file, 1)]
    target: float | None = None
    share: int = 1  # how many times fewer requests it gets
    is_compared: bool = True
    rounds: list = field(default_factory=list)

    def middle(self, of):
        return Middle.of(map(of, self.rounds))


class Ratios:
    """What servers took beside the first one, round by round."""

    def __init__(self, servers):
        self.base = servers[0].rounds

    def of(self, server, cost):
        return Middle.of(cost(one) / cost(other) for one, other in zip(server.rounds, self.base))

    def added(self, server, latency):
        return Middle.of(latency(one) - latency(other) for one, other in zip(server.rounds, self.base))


def written(folder, name, text):
    """The text in a file; no file for no text."""
    if text is None:
        return None
    path = Path(folder) / f"{name}.json"
    path.write_text(text)
    return path


def whole(case, servers, ask, rounds):
    """Loads all servers in turn; a first round warms up. `ask(server, body, requests, seed)` makes one load."""
    for number in range(rounds + 1):
        for at, server in enumerate(servers):
            requests = case.requests // server.share
            if not number:
                requests = max(case.connections, requests // 10)
            seed = number * len(servers) + at
            came = [(ask(server, body, max(requests * times, case.connections), seed), times) for body, times in server.bodies]
            if number:
                server.rounds.append(together(came))
    return Ratios(servers)


def together(came):
    """One request of several: their processor times are added; rates and latencies are those of the most frequent."""
    first, _ = came[0]
    spent = sum(one.processor_us * times for one, times in came)
    return load.Loaded(spent, first.per_second, first.p50_us, first.p99_us)


def streamed(case, servers, ask, rounds):
    """The same for streams. `ask(server, body)` reads one round of them."""
    for number in range(rounds):
        for server in servers:
            body, _ = server.bodies[0]
            server.rounds.append(ask(server, body))
    return Ratios(servers)


COSTS = {
    "piece": lambda one: one["processor_ns"] / one["pieces"] / 1e3,
    "megabyte": lambda one: one["processor_ns"] / one["bytes"] * 1e3,
}


def median(server, key):
    return statistics.median(one[key] for one in server.rounds)
