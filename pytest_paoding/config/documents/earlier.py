"""What an earlier run has found: a report or a baseline, as entries of gates by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_paoding.config.documents.read_documents import baseline_of, parsed, run_of
from pytest_paoding.records.baseline import SCHEMA, Entry

if TYPE_CHECKING:
    from pathlib import Path


def entries(path: Path) -> dict[str, Entry]:
    """Return what a report or a baseline says of every gate that ran, by name.

    Raises:
        ConfigError: The file is neither.
    """
    document = parsed(path)
    if is_baseline(document):
        return dict(baseline_of(document, path, label=str(path)).entries)
    return {r.name: Entry.from_result(r) for r in run_of(document, path).results if r.metrics}


def is_baseline(document: Any) -> bool:
    """Whether a parsed document is a baseline, of whatever version."""
    schema = document.get("schema") if isinstance(document, dict) else None
    return isinstance(schema, str) and schema.partition("/")[0] == SCHEMA.partition("/")[0]
