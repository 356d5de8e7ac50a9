"""What becomes of the files of a gate, as its record tells it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pytest_paoding.artifacts import sha256_of
from pytest_paoding.plain import portable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_paoding.artifacts import Staged


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """One file of an artifact.

    Attributes:
        format: Its format, such as "tflite-int8".
        name: Its name; it stands beside the `.keras` file.
        bytes: Its size.
        sha256: Of the file.
    """

    format: str
    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """What became of the pruned model's file.

    Attributes:
        path: Where it is published, or would have been.
        published: Whether it is there now.
        bytes: Size of the file.
        sha256: Of the file, also in its manifest: it tells which manifest belongs to which file.
        reason: Why it was not published.
        files: Every file that is published with it, the `.keras` file first.
    """

    path: str
    published: bool
    bytes: int
    sha256: str
    reason: str | None = None
    files: tuple[ArtifactFile, ...] = ()

    @classmethod
    def of(cls, staged: Staged, root: Path) -> Artifact:
        """Return what staged files come to, not yet published.

        Args:
            staged: The files.
            root: Where portable paths start.
        """
        files = tuple(
            ArtifactFile(name, path.name, path.stat().st_size, sha256_of(path))
            for name, path in staged.files.items()
        )
        path, model = portable(staged.target, root), files[0]
        return cls(path, published=False, bytes=model.bytes, sha256=model.sha256, files=files)

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return {**asdict(self), "files": [asdict(file) for file in self.files]}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Artifact:
        """Return the artifact whose plain form is `plain`; earlier versions knew no files."""
        files = tuple(ArtifactFile(**each) for each in plain.get("files", ()))
        return cls(**{**plain, "files": files})
