"""What commands share in reading and writing: files that are one, plans, texts and lines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pytest_paoding.errors import ArtifactError, cannot_write
from pytest_paoding.gate.files.ended_streams import lead_nowhere
from pytest_paoding.gate.files.whole_files import write_whole
from pytest_paoding.records.plan import Plan
from pytest_paoding.records.text.escapes import as_line

if TYPE_CHECKING:
    from pathlib import Path


def same_file(one: Path, two: Path) -> bool:
    """Whether two paths lead to one file that exists."""
    try:
        return one.samefile(two)
    except OSError:
        return False


def read_plan(path: Path) -> Plan:
    """Return the plan in a file.

    Raises:
        ArtifactError: It cannot be read.
        SurgeryError: It holds no plan, a damaged one, or its weights are missing.
    """
    try:
        return Plan.load(path)
    except OSError as error:
        raise ArtifactError(f"{path}: the plan cannot be read: {error.strerror}") from error


def save(path: Path, text: str) -> None:
    """Write a text to a file.

    Raises:
        ArtifactError: It cannot be written; its previous content is as before.
    """
    try:
        write_whole(path, text)
    except OSError as error:
        raise ArtifactError(cannot_write(path, error)) from error


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
        lead_nowhere(sys.stdout)
        if not isinstance(error, BrokenPipeError):  # whoever reads has seen enough
            line = cannot_write("standard output", error, instead="let it go elsewhere")
            raise ArtifactError(line) from error
