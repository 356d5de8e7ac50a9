"""What becomes of the files of a gate, as its record tells it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


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

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return {**asdict(self), "files": [asdict(file) for file in self.files]}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Artifact:
        """Return the artifact whose plain form is `plain`; earlier versions knew no files."""
        files = tuple(ArtifactFile(**each) for each in plain.get("files", ()))
        return cls(**{**plain, "files": files})
