"""Counts a suite's tests for the runner, and names those that cannot run."""

import os
from pathlib import Path


def pytest_configure(config):
    """Names the marks of tests about what only ARGO's older endpoints do, or only its native ones."""
    config.addinivalue_line("markers", "older: what only ARGO's older endpoints do, or only counts made by the proxy show")
    config.addinivalue_line("markers", "native: what only ARGO's native endpoints do")


def pytest_sessionfinish(session):
    """Writes the suite's summary where the runner reads it."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    # A worker of several has none, and the first process counts for all.
    if reporter is None:
        return
    count = {kind: len(reporter.stats.get(kind, [])) for kind in ("passed", "failed", "error", "skipped")}
    line = f"{count['passed']} passed, {count['failed'] + count['error']} failed"
    if count["skipped"]:
        line += f", {count['skipped']} skipped"
    Path(os.environ["CLIENTS_SUMMARY"]).write_text(line + "\n", encoding="utf-8")
    if names := os.environ.get("SKIPPED_TESTS"):
        with Path(names).open("a", encoding="utf-8") as file:
            for report in reporter.stats.get("skipped", []):
                reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
                file.write(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}\n")
