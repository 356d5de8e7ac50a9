"""What pruning makes: a smaller model in a file, and the same model in further formats."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.values import input_shape
from pytest_paoding.records.formats import of_file
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.plan import LayerResult
from pytest_paoding.records.text.jsonable import plain_value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BLOCK = 1 << 20
_OF_ORIGINAL = "before is the .keras file of the original model"


@dataclass(frozen=True, slots=True)
class FileBytes:
    """Bytes of a file as it is, and in an archive (0 where that was not asked for)."""

    size: int
    compressed: int

    @classmethod
    def of(cls, file: Path, *, compress: bool) -> FileBytes:
        """Return the bytes of a file."""
        return cls(file.stat().st_size, compressed_bytes(file) if compress else 0)


@dataclass(frozen=True, slots=True)
class PrunedFile:
    """A pruned model in a file, with all that is known without data.

    Attributes:
        file: The pruned model's file.
        layers: What happened to every layer that has units.
        notes: Remarks on the pruning, a line each.
        original: Digest of the original.
        digest: Digest of the pruned model.
        before: Bytes of the original, saved the same way.
        after: Bytes of the file.
        shift: Bound on the distance that any output has moved.
        compressed: Bytes of both files in an archive, where that was asked for.
        ratio: The ratio it was pruned by, given or found.
        input_shape: The shapes of inputs it was pruned for: as they are said, or as the data are
            where the model leaves lengths open.
        key: Key in the store; None where something that took part has no digest.
    """

    file: Path
    layers: tuple[LayerResult, ...]
    notes: tuple[str, ...]
    original: str
    digest: str
    before: int
    after: int
    shift: Measurement
    compressed: tuple[int, int] | None = None
    ratio: float | None = None
    input_shape: tuple[int, ...] | dict[str, tuple[int, ...]] | None = None
    key: str | None = None

    @property
    def metrics(self) -> dict[str, Measurement]:
        """The metrics that need no data."""
        before, after = self.before, self.after
        reduction = Measurement(before=before, after=after, found=(before - after) / before)
        found = {
            "size": Measurement(before=before, after=after, found=after),
            "size_reduction": reduction,
            "output_shift": self.shift,
        }
        if self.compressed is not None:
            found["compressed_size"] = Measurement(*self.compressed, self.compressed[1])
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form that a store keeps beside the file."""
        plain = {**asdict(self), "shift": self.shift.to_dict()}
        return {name: value for name, value in plain.items() if name not in {"file", "key"}}

    @classmethod
    def from_dict(cls, plain: dict[str, Any], *, file: Path, key: str | None) -> PrunedFile:
        """Return the pruned file whose plain form a store has kept."""
        read = {
            "layers": tuple(LayerResult(**layer) for layer in plain["layers"]),
            "notes": tuple(plain["notes"]),
            "shift": Measurement.from_dict(plain["shift"]),
            "compressed": plain["compressed"] and tuple(plain["compressed"]),
            "input_shape": plain_shape(plain["input_shape"]),
        }
        return cls(**{**plain, **read}, file=file, key=key)


def plain_shape(shape: object) -> tuple[int, ...] | dict[str, tuple[int, ...]] | None:
    """Return a shape of an input, or such shapes by name, with plain containers."""
    return None if shape is None else input_shape(plain_value(shape))


def compressed_bytes(file: Path) -> int:
    """Return the size of a file in an archive (DEFLATE at its usual level)."""
    compressor, size = zlib.compressobj(), 0
    with file.open("rb") as content:
        while block := content.read(_BLOCK):
            size += len(compressor.compress(block))
    return size + len(compressor.flush())


@dataclass(frozen=True, slots=True)
class Exports:
    """A pruned model in further formats.

    Attributes:
        files: Files by format.
        before: Bytes of the original's `.keras` file.
        notes: Remarks on the exports, a line each.
        key: Key in the store; None where something that took part has no digest.
    """

    files: Mapping[str, Path]
    before: int
    notes: tuple[str, ...] = ()
    key: str | None = None

    @property
    def sizes(self) -> dict[str, Measurement]:
        """Size and size reduction of every file."""
        found: dict[str, Measurement] = {}
        for name, file in self.files.items():
            before, after = self.before, file.stat().st_size
            share = (before - after) / before
            found |= {
                of_file("size", name): Measurement(before, after, after, detail=_OF_ORIGINAL),
                of_file("size_reduction", name): Measurement(
                    before, after, share, detail=_OF_ORIGINAL
                ),
            }
        return found
