"""The packages that each format needs; none of them is imported here."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_paoding.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LITERT = ("litert", ("ai-edge-litert",))
_NEEDS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "tflite": _LITERT,
        "tflite-float16": _LITERT,
        "tflite-int8": _LITERT,
        "onnx": ("onnx", ("tf2onnx", "onnx", "onnxruntime")),
    }
)
"""The extra of this package for each format, and what it installs; TensorFlow does the others."""


def versions(formats: Iterable[str]) -> dict[str, str]:
    """Return the versions of the packages that write and run files of some formats.

    Raises:
        ExportError: One of them is not installed.
    """
    needs = [(name, *_NEEDS[name]) for name in formats if name in _NEEDS]
    return {
        package: _version(package, name, extra)
        for name, extra, packages in needs
        for package in packages
    }


def _version(package: str, name: str, extra: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise ExportError(
            f"format {name} needs {package}, which is not installed: "
            f'pip install "pytest-paoding[{extra}]"'
        ) from None
