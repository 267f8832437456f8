"""Processes under measurement: each on a core of its own, with its processor time and memory as the kernel counts them."""

import os
import re
import resource
import subprocess
import time
from pathlib import Path

LISTENING = re.compile(r"listening on http://(127\.0\.0\.1:\d+)")


class Process:
    """A server that says on stderr where it listens. `with` ends it."""

    def __init__(self, name, command, core, log, env=None, cwd=None):
        self.name = name
        self.log = Path(log)
        begun = time.monotonic()
        with open(self.log, "wb") as stderr:
            self.child = subprocess.Popen(
                ["taskset", "-c", str(core), *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, env={**os.environ, **(env or {})}, cwd=cwd,
            )
        self.address = self._address(begun + 30)
        self.started_after = time.monotonic() - begun

    def _address(self, until):
        while time.monotonic() < until:
            found = LISTENING.findall(self.log.read_text(errors="replace"))
            if found:
                return found[-1]
            if self.child.poll() is not None:
                break
            time.sleep(0.002)
        raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text(errors='replace')}")

    @property
    def pid(self):
        return self.child.pid

    def processor_ns(self):
        """Processor time of all its threads so far."""
        total = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except FileNotFoundError:
                pass  # a thread that has ended meanwhile
        return total

    def memory_kib(self):
        """Resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M).group(1))

    def end(self):
        """Ends it at once: nothing that counts is in flight, and forwarders would wait for minutes."""
        self.child.kill()
        self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def allow_many_files():
    """Raises the limit of open files for this process and its children as far as that goes; returns it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def cores():
    """The core of what is measured, and that of everything else."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]
