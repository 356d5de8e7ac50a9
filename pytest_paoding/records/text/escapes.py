"""Text of unknown origin, made harmless for a terminal and for the log of a CI job.

Names of layers are whatever a file says. Control characters in them could move the cursor, begin a
line, or turn its direction; and GitHub Actions obeys what looks like a command in a log. Both
functions leave alone what they have returned before.
"""

from __future__ import annotations

import re

_COMMAND = re.compile(r"^(\s*):(?=:)")
_OLD_COMMAND = re.compile(r"#(?=#\w*\[)")
"""As in ##[error] of GitHub, ##vso[task.complete] of Azure, ##teamcity[testFailed]."""


def printable(text: str, *, keep: str = "") -> str:
    r"""Return text with an escape, as Python writes it, for every character that is not printable.

    >>> printable("a\x1b[2J\nb \u202e"), printable("a\nb", keep="\n")
    ('a\\x1b[2J\\nb \\u202e', 'a\nb')
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in keep else each.encode("unicode_escape").decode()
        for each in text
    )


def as_line(text: str) -> str:
    r"""Return text as one line of a log, in which no CI service finds a command.

    >>> as_line(" ::error::no\n"), as_line("see ##[error]")
    (' \\x3a:error::no\\n', 'see \\x23#[error]')
    """
    text = _COMMAND.sub(r"\1\\x3a", printable(text))
    return _OLD_COMMAND.sub(r"\\x23", text)


def as_lines(text: str) -> str:
    """Return a text of several lines, each of them as `as_line` does."""
    return "\n".join(map(as_line, text.split("\n")))
