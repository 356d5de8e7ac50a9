"""What publication may replace: files of earlier gates, not the model, nor another's JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_paoding.errors import ArtifactError
from pytest_paoding.gate.artifacts import manifest_path

if TYPE_CHECKING:
    from pathlib import Path

_REMEDY = "publish in another folder (artifacts in [tool.paoding], or --paoding-artifacts)"
_KEYS = {"schema", "gate"}


def require_replaceable(target: Path, source: Path | None) -> None:
    """Refuse to publish over the model that is pruned, or over JSON that is no manifest.

    Args:
        target: Where the pruned model goes, with its manifest beside it.
        source: The file of the original model, where it comes from one.

    Raises:
        ArtifactError: There is such a file; one line.
    """
    try:
        if source is not None and target.exists() and source.exists() and target.samefile(source):
            raise ArtifactError(
                f"{target} is the model itself, which is never written to: {_REMEDY}"
            )
        manifest = manifest_path(target)
        for each in (target, manifest):
            if each.exists() and not (each.is_file() or each.is_dir()):  # a folder stays anyway
                raise ArtifactError(f"{each} is no file, and would be lost: {_REMEDY}")
        if manifest.is_file() and _is_of_others(manifest):
            raise ArtifactError(f"{manifest} is not a manifest of this package: {_REMEDY}")
    except OSError as error:
        raise ArtifactError(f"cannot publish {target}: {error.strerror or error}") from error


def _is_of_others(path: Path) -> bool:
    """Whether a file is sound JSON, but no manifest; a damaged manifest is replaced."""
    try:
        document = json.loads(path.read_bytes())
    except (RecursionError, ValueError):
        return False
    return not (isinstance(document, dict) and document.keys() >= _KEYS)
