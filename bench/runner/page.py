"""The tables of docs/performance.md that programs write: each between two marks."""

from .guard import ROOT

PAGE = ROOT / "docs/performance.md"


def write(script, table):
    """Puts a table between the marks of a script."""
    begin, end = f"<!-- {script} -->\n", f"<!-- end of {script} -->\n"
    before, rest = PAGE.read_text().split(begin)
    PAGE.write_text(before + begin + table + end + rest.split(end)[1])
