"""The files of a gate in its record: what they are, and whether they are published."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.text.printing import Shown, show
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, repr=False)
class ArtifactFile(Shown):
    """One file of an artifact.

    Attributes:
        format: Its format, such as "tflite-int8".
        name: Its name; it stands beside the `.keras` file.
        bytes: Its size.
        sha256: Digest of the file.
    """

    format: str
    name: str
    bytes: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}  {show(self.bytes, Unit.BYTES)}"


@dataclass(frozen=True, slots=True, repr=False)
class Artifact(Shown):
    """What became of the pruned model's file.

    Attributes:
        path: Where it is published, or would have been.
        published: Whether it is there now.
        bytes: Size of the file.
        sha256: Digest of the file; its manifest has the same one, which ties it to the file.
        reason: Why it was not published.
        files: Every file that is published with it, the `.keras` file first.
    """

    path: str
    published: bool
    bytes: int
    sha256: str
    reason: str | None = None
    files: tuple[ArtifactFile, ...] = ()

    def __str__(self) -> str:
        if self.published:
            return f"{self.path}  {show(self.bytes, Unit.BYTES)}"
        return f"not published: {self.path}" + (f" ({self.reason})" if self.reason else "")

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return {**asdict(self), "files": [asdict(file) for file in self.files]}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Artifact:
        """Return the artifact whose plain form is `plain`; earlier versions knew no files."""
        files = tuple(ArtifactFile(**each) for each in plain.get("files", ()))
        return cls(**{**plain, "files": files})
