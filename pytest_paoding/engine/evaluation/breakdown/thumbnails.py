"""Small pictures of inputs, as PNG."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.inputs.input_sources import InputSource, InputSources

_SIDE = 48
"""Most pixels of a side: 7 kB where nothing can be packed."""
_GREY, _COLOURS, _WITH_ALPHA = 1, 3, 4
_KINDS = {_GREY: 0, _COLOURS: 2}
"""Colour types of PNG by number of channels."""
_PLANE, _STACK = 2, 3


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Shows the first input of a model that holds pictures.

    Attributes:
        place: Which input that is.
        source: What is known of it.
        channels_first: Whether channels are its first axis.
    """

    place: int
    source: InputSource
    channels_first: bool = False

    @classmethod
    def of(cls, sources: InputSources, *, channels_first: bool) -> Thumbnails | None:
        """Return what shows the inputs of a model; None where none holds pictures."""
        pictured = (
            cls(place, source, channels_first)
            for place, source in enumerate(sources)
            if source.kind == "picture"
        )
        return next(pictured, None)

    def of_sample(self, inputs: Sequence[Any], row: int) -> str | None:
        """Return a sample as a PNG in base64; None where its shape is not that of a picture.

        Args:
            inputs: The inputs of a batch.
            row: The sample's place in it.
        """
        given, layout = np.asarray(inputs[self.place][row : row + 1]), self.source.layout
        values = np.asarray(layout.drawn(given)) if given.shape[1:] == layout.own else given
        plane = _plane(values[0].astype(np.float64), channels_first=self.channels_first)
        if plane is None:
            return None
        low, high = self.source.scale.ends
        if self.source.scale.typical or not np.isfinite([low, high]).all():
            low, high = float(plane.min()), float(plane.max())
        pixels = np.clip((plane - low) / ((high - low) or 1.0), 0, 1) * 255
        return b64encode(png(np.rint(_shrunk(pixels)).astype(np.uint8))).decode()


def _plane(values: Any, *, channels_first: bool) -> Any:
    """Return values as rows, columns and 1 or 3 channels; None where they are none."""
    if values.ndim == _PLANE:
        values = values[..., None]
    if values.ndim != _STACK:
        return None
    if channels_first and values.shape[0] in {_GREY, _COLOURS, _WITH_ALPHA}:
        values = np.moveaxis(values, 0, -1)
    if values.shape[-1] == _WITH_ALPHA:
        values = values[..., :_COLOURS]
    return values if values.shape[-1] in _KINDS and values.size else None


def _shrunk(pixels: Any) -> Any:
    """Return a picture of at most `_SIDE` pixels a side, each the mean of a square."""
    height, width, channels = pixels.shape
    side = -(-max(height, width) // _SIDE)
    rows, columns = max(1, height // side), max(1, width // side)
    tall, wide = min(side, height), min(side, width)
    cut = pixels[: rows * tall, : columns * wide]
    return cut.reshape(rows, tall, columns, wide, channels).mean(axis=(1, 3))


def png(pixels: Any) -> bytes:
    """Return a picture, uint8 of shape (rows, columns, 1 or 3), as a PNG file."""
    height, width, channels = pixels.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, _KINDS[channels], 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check
