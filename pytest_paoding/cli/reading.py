"""What the commands that read documents share: files that are one, and writing lines."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pytest_paoding.errors import ArtifactError, cannot_write
from pytest_paoding.records.text.escapes import as_line

if TYPE_CHECKING:
    from pathlib import Path


def same_file(one: Path, two: Path) -> bool:
    """Whether two paths lead to one file that exists."""
    try:
        return one.samefile(two)
    except OSError:
        return False


def write(*lines: str) -> None:
    """Print lines, each as one line whatever it holds, with ? for what it cannot encode.

    Raises:
        ArtifactError: Standard output takes no more, of a full disk, say.
    """
    text, encoding = "\n".join((*map(as_line, lines), "")), sys.stdout.encoding or "ascii"
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except OSError as error:
        # Whatever is left in its buffer would be flushed once more at exit, with a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # whoever reads has seen enough
            line = cannot_write("standard output", error, instead="let it go elsewhere")
            raise ArtifactError(line) from error
