"""ONNX files, written by tf2onnx."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.exporting.serving import serving_function
from pytest_paoding.errors import ExportError, cause_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def write_onnx(model: Any, file: Path) -> None:
    """Write a model as an ONNX file, for batches of any size.

    Inner names are numbered by the process that writes them, so bytes are the same from run to run
    only where as much has been traced before.

    Raises:
        ExportError: The converter has no counterpart of an operation.
    """
    import onnx  # noqa: PLC0415 - of an extra
    import tf2onnx  # noqa: PLC0415 - likewise

    function = serving_function(model)
    try:
        with _unlogged("tf2onnx"):
            proto, _ = tf2onnx.convert.from_function(function, function.input_signature)
        onnx.checker.check_model(proto)  # tf2onnx passes on operations that it does not know
    except Exception as error:
        raise ExportError(f"the model cannot be exported as onnx: {cause_of(error)}") from error
    file.write_bytes(proto.SerializeToString())


@contextmanager
def _unlogged(name: str) -> Iterator[None]:
    """Keep a package from logging what is raised as an error anyway."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
