"""What a text on a terminal or in the log of a CI job must not do."""

from __future__ import annotations

import re

COMMAND = re.compile(r"^\s*::|##\w*\[")
"""What a CI service would obey in a line of a log."""


def harmless(text: str) -> None:
    """Assert that a log that shows this text shows nothing but signs, and obeys nothing."""
    for line in text.split("\n"):
        assert line.isprintable(), repr(line)
        assert not COMMAND.search(line), line
