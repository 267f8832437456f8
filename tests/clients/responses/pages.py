"""The blocks of code of docs/clients, with the address of the proxy under test."""

import os
import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[3] / "docs" / "clients"
ADDRESS = "http://127.0.0.1:44497/v1"


def blocks(page, language):
    """The blocks of a page in a language."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [block.replace(ADDRESS, os.environ["OPENAI_BASE_URL"]) for block in found]
