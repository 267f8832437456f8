"""Counts a suite's tests for the runner."""

import os
from pathlib import Path


def pytest_sessionfinish(session):
    """Writes the suite's summary where the runner reads it."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    count = {kind: len(reporter.stats.get(kind, [])) for kind in ("passed", "failed", "error", "skipped")}
    line = f"{count['passed']} passed, {count['failed'] + count['error']} failed"
    if count["skipped"]:
        line += f", {count['skipped']} skipped"
    Path(os.environ["CLIENTS_SUMMARY"]).write_text(line + "\n", encoding="utf-8")
