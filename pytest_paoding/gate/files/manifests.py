"""The manifest that stands beside a published model: what it is, and how it was judged."""

from __future__ import annotations

import platform
from dataclasses import asdict, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.results import SCHEMA
from pytest_paoding.version import __version__

if TYPE_CHECKING:
    from pytest_paoding.records.artifact_record import Artifact
    from pytest_paoding.records.results import GateResult
    from pytest_paoding.records.runs.revision import Revision


def manifest_of(result: GateResult, artifact: Artifact, revision: Revision) -> dict[str, Any]:
    """Return the manifest of a gate's files.

    Args:
        result: Record of the gate.
        artifact: Its files.
        revision: The commit it was judged at.
    """
    model, files = artifact.files[0], artifact.to_dict()["files"]
    judged = replace(result, breakdown=None).to_dict()  # which may hold pictures of samples
    return {
        "schema": SCHEMA,
        "file": {"name": model.name, "bytes": model.bytes, "sha256": model.sha256},
        "files": files,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "plugin": __version__,
        "python": platform.python_version(),
        "revision": asdict(revision),
        "gate": {key: value for key, value in judged.items() if key != "artifact"},
    }
