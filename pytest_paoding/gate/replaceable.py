"""What is published of a gate, and what may be replaced: neither the model nor another's JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_paoding.errors import ArtifactError
from pytest_paoding.gate.artifacts import manifest_path
from pytest_paoding.records.budgets import PUBLISHED, Outcome
from pytest_paoding.records.text.strict_json import bounded_bytes, require_bounded

if TYPE_CHECKING:
    from pathlib import Path

_REMEDY = "publish in another folder (artifacts in [tool.paoding], or --paoding-artifacts)"
_KEYS = {"schema", "gate"}


@dataclass(frozen=True, slots=True)
class Publication:
    """What is published of a gate.

    Attributes:
        outcomes: The outcomes with which its files are.
        manifest: Whether a manifest goes beside them.
    """

    outcomes: frozenset[Outcome] = PUBLISHED
    manifest: bool = True


def require_replaceable(target: Path, source: Path | None, *, manifest: bool = True) -> None:
    """Refuse to publish over the model that is pruned, or over JSON that is no manifest.

    Args:
        target: Where the pruned model goes.
        source: The file of the original model, where it comes from one.
        manifest: Whether a manifest goes beside it.

    Raises:
        ArtifactError: There is such a file; one line.
    """
    try:
        if source is not None and target.exists() and source.exists() and target.samefile(source):
            raise ArtifactError(
                f"{target} is the model itself, which is never written to: {_REMEDY}"
            )
        beside = manifest_path(target)
        for each in (target, *([beside] if manifest else [])):
            if each.exists() and not (each.is_file() or each.is_dir()):  # a folder stays anyway
                raise ArtifactError(f"{each} is no file, and would be lost: {_REMEDY}")
        if manifest and beside.is_file() and _is_of_others(beside):
            raise ArtifactError(f"{beside} is not a manifest of this package: {_REMEDY}")
    except OSError as error:
        raise ArtifactError(f"cannot publish {target}: {error.strerror or error}") from error


def is_manifest(path: Path) -> bool:
    """Whether there is a manifest, so that what stands beside it was published by a gate."""
    try:
        return path.is_file() and not _is_of_others(path, damaged=True)
    except OSError:
        return False


def _is_of_others(path: Path, *, damaged: bool = False) -> bool:
    """Whether a file is sound JSON, but no manifest; a damaged one is replaced.

    What is larger than any manifest is of others, and not read.
    """
    content = bounded_bytes(path)
    try:
        require_bounded(content)
    except ValueError:
        return True
    try:
        document = json.loads(content)
    except (RecursionError, ValueError):
        return damaged
    return not (isinstance(document, dict) and document.keys() >= _KEYS)
