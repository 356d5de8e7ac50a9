"""Standard output for one document alone: whatever else is printed goes to standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

import pytest

from pytest_paoding.gate.files.ended_streams import lead_nowhere

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTS = ("json", "markdown", "html")
"""What options of these names write, to standard output where they are given a hyphen."""
_OUTPUT = pytest.StashKey[TextIO]()


def claim(config: pytest.Config) -> None:
    """Keep standard output for the document that is to be printed, if there is one.

    This is done before pytest captures anything, so that nothing can come between.

    Raises:
        pytest.UsageError: There are several.
    """
    options = vars(config.known_args_namespace)
    asked = [f"--paoding-{name}" for name in DOCUMENTS if options.get(f"paoding_{name}") == "-"]
    if not asked:
        return
    if len(asked) > 1:
        raise pytest.UsageError(
            f"only one document can be printed, not those of {' and '.join(asked)}: give a path"
        )
    output, restore = _redirected(sys.stdout, sys.stderr)
    config.stash[_OUTPUT] = output
    config.add_cleanup(restore)


def _redirected(output: TextIO, errors: TextIO) -> tuple[TextIO, Callable[[], None]]:
    """Let all that is printed go to `errors`; return what writes to `output`, and the way back."""
    try:
        number, other = output.fileno(), errors.fileno()
    except OSError:  # it is no file, but stands for one
        sys.stdout = errors
        return output, lambda: setattr(sys, "stdout", output)
    output.flush()
    kept = os.fdopen(os.dup(number), "w", encoding="utf-8")
    os.dup2(other, number)

    def restore() -> None:
        output.flush()
        kept.flush()
        os.dup2(kept.fileno(), number)
        kept.close()

    return kept, restore


def print_document(config: pytest.Config, text: str) -> None:
    """Print a document where nothing else is printed.

    Raises:
        OSError: Nobody reads it any more, say.
    """
    output = config.stash.get(_OUTPUT, sys.stdout)
    try:
        output.write(text)
        output.flush()
    except OSError:
        lead_nowhere(output)
        raise
