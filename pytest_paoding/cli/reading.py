"""What the commands that read documents share: telling the kinds apart, and writing lines."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ArtifactError, cannot_write
from pytest_paoding.records.baseline import SCHEMA as BASELINE
from pytest_paoding.records.baseline import Baseline, Entry
from pytest_paoding.records.runs.run_record import parsed, run_of
from pytest_paoding.records.text.escapes import as_line

if TYPE_CHECKING:
    from pathlib import Path


def entries(path: Path) -> dict[str, Entry]:
    """Return what a report or a baseline says of every gate that ran, by name.

    Raises:
        ConfigError: The file is neither.
    """
    document = parsed(path)
    if is_baseline(document):
        return dict(Baseline.from_document(document, path, label=str(path)).entries)
    return {r.name: Entry.from_result(r) for r in run_of(document, path).results if r.metrics}


def is_baseline(document: Any) -> bool:
    """Whether a parsed document is a baseline, of whatever version."""
    schema = document.get("schema") if isinstance(document, dict) else None
    return isinstance(schema, str) and schema.partition("/")[0] == BASELINE.partition("/")[0]


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
