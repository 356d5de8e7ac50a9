"""LiteRT (formerly TensorFlow Lite) files: as they are, with float16 weights, or all in integers.

Full integer quantization: Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", 2018, after the training: weights per channel, activations by
the ranges that samples reach, inputs and outputs in int8 with a scale and a zero point.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from pytest_paoding.errors import ExportError, shortened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_paoding.engine.exporting.samples import Samples

_PLACE = re.compile(r'fused\["\w+:", "([^"@]+)')
_SAID = re.compile(r"\)\): (.+)")


def convert(
    file_format: str, saved: Callable[[int | None], Path], samples: Samples | None
) -> tuple[bytes, str | None]:
    """Return the content of a LiteRT file.

    Args:
        file_format: "tflite", "tflite-float16" or "tflite-int8".
        saved: Gives the folder of the SavedModel for a size of batches; None for any size.
        samples: What int8 is calibrated on.

    Returns:
        The content, and a note on it where there is one: recurrent layers only convert for one
        sample at a time.

    Raises:
        ExportError: The converter has no counterpart of an operation.
    """
    try:
        return _converted(file_format, saved(None), samples, None), None
    except Exception:  # noqa: BLE001 - what a conversion raises has no base class
        try:
            content = _converted(file_format, saved(1), samples, 1)
        except Exception as error:
            raise ExportError(
                f"the model cannot be exported as {file_format}: {_reason(error)}"
            ) from error
    return content, f"the {file_format} file takes one sample at a time"


def _converted(file_format: str, folder: Path, samples: Samples | None, batch: int | None) -> bytes:
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    if file_format != "tflite":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if file_format == "tflite-float16":
        converter.target_spec.supported_types = [tf.float16]
    if samples is not None:
        converter.representative_dataset = lambda: samples.batches(batch)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if all(each.dtype == "float32" for each in samples.arrays.values()):
            converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    content: bytes = converter.convert()
    return content


def _reason(error: Exception) -> str:
    """Return the line of a converter's message that says what is wrong, and where."""
    text: Any = str(error)
    place, said = _PLACE.search(text), _SAID.search(text)
    line = said[1] if said else text.strip().partition("\n")[0]
    return shortened(f"{place[1]}: {line}" if place else line)
