"""The file formats a pruned model is published in, and how metrics of a file are named."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_paoding.records.text.spelling import likely

if TYPE_CHECKING:
    from collections.abc import Mapping

KERAS = "keras"
"""The format that is always written, and that budgets limit unless they name another."""

ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        KERAS: ".keras",
        "tflite": ".tflite",
        "tflite-float16": ".float16.tflite",
        "tflite-int8": ".int8.tflite",
        "savedmodel": ".savedmodel.zip",
        "onnx": ".onnx",
    }
)
"""Ending of a file's name, by format."""

EXPORTED = tuple(name for name in ENDINGS if name != KERAS)
"""All other formats."""


def read_formats(value: object) -> tuple[str, ...]:
    """Read formats: a name, a text of names with commas between, or a list of names.

    Returns:
        The names, each of them once, "keras" first, which is always among them.

    Raises:
        ValueError: One of them is unknown; one line that says what was probably meant.
    """
    several = value.split(",") if isinstance(value, str) else value
    if not isinstance(several, (list, tuple)) or not several:
        raise ValueError(f'{value!r} is not a list of formats such as ["keras", "tflite-int8"]')
    names = [each.strip() if isinstance(each, str) else each for each in several]
    for name in names:
        if name not in tuple(ENDINGS):
            raise ValueError(f"{name!r} is no format, {likely(str(name), tuple(ENDINGS))}")
    return tuple(name for name in ENDINGS if name in names or name == KERAS)


def of_file(name: str, file_format: str | None) -> str:
    """Return the name of a metric, or of a limit, of the file in a format.

    >>> of_file("size", "tflite-int8"), of_file("size", None)
    ('size@tflite-int8', 'size')
    """
    return name if file_format is None else f"{name}@{file_format}"


def parted(name: str) -> tuple[str, str | None]:
    """Return the name without the format, and the format.

    >>> parted("robust_accuracy@0.05@onnx"), parted("robust_accuracy@0.05")
    (('robust_accuracy@0.05', 'onnx'), ('robust_accuracy@0.05', None))
    """
    base, _, last = name.rpartition("@")
    return (base, last) if last in EXPORTED else (name, None)
