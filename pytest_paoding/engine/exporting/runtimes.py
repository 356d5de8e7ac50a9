"""Exported files as functions from inputs to outputs, each run by its own runtime."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.exporting.savedmodel import unpack
from pytest_paoding.engine.exporting.serving import ENTRY, Keys
from pytest_paoding.engine.silence import STDERR, STDOUT, silenced
from pytest_paoding.errors import EvaluationError, shortened
from pytest_paoding.records.files.leftovers import own_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_paoding.engine.execution.signature import Signature

    _Kind = Callable[[Path, Keys], "Runtime"]


class Runtime(Protocol):
    """A file that can be run on batches."""

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the outputs for a batch, as arrays in the model's order.

        Args:
            inputs: One array for each input, in the model's order.
        """


def open_file(file_format: str, path: Path, signature: Signature) -> Runtime:
    """Return the runtime of an exported file.

    Args:
        file_format: Its format, as named by `export`.
        path: The file.
        signature: Inputs and outputs of the model that was exported.

    Raises:
        EvaluationError: Its runtime cannot open it.
    """
    kinds: dict[str, Callable[[Path, Keys], Runtime]] = {
        "onnx": OnnxRuntime,
        "savedmodel": TensorFlow,
    }
    with silenced(STDOUT, STDERR), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return kinds.get(file_format, LiteRT)(path, Keys.of(signature))
        except Exception as error:
            line = shortened(str(error).strip().partition("\n")[0])
            raise EvaluationError(f"the {file_format} file cannot be opened: {line}") from error


class LiteRT:
    """A LiteRT file in its interpreter."""

    def __init__(self, path: Path, keys: Keys) -> None:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - of an extra

        self._keys = keys
        content = path.read_bytes()  # not its path: on Windows an open file cannot be moved
        self._interpreter = Interpreter(model_content=content)
        self._runner = self._interpreter.get_signature_runner(ENTRY)
        self._inputs = self._runner.get_input_details()
        self._outputs = self._runner.get_output_details()
        self._single = any(each["shape_signature"][0] == 1 for each in self._inputs.values())

    @silenced(STDERR)  # the first run of a process says how it will go about it
    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the outputs for a batch, dequantized."""
        if not self._single:
            return self._invoke(inputs)
        parts = [
            self._invoke([each[number : number + 1] for each in inputs])
            for number in range(len(inputs[0]))
        ]
        return [np.concatenate(each) for each in zip(*parts, strict=True)]

    def _invoke(self, inputs: Sequence[Any]) -> list[Any]:
        named = dict(zip(self._keys.inputs, inputs, strict=True))
        self._interpreter.reset_all_variables()  # else recurrent layers go on where they were
        found = self._runner(
            **{name: quantized(named[name], details) for name, details in self._inputs.items()}
        )
        return [dequantized(found[key], self._outputs[key]) for key in self._keys.outputs]


def quantized(values: Any, details: Mapping[str, Any]) -> Any:
    """Quantize an input: round(x / scale) + zero point, within the dtype."""
    dtype, (scale, zero) = details["dtype"], details["quantization"]
    if not np.issubdtype(dtype, np.integer) or not scale:
        return values.astype(dtype, copy=False)
    limits = np.iinfo(dtype)
    return np.clip(np.round(values / scale) + zero, limits.min, limits.max).astype(dtype)


def dequantized(values: Any, details: Mapping[str, Any]) -> Any:
    """Dequantize an output: (q - zero point) * scale."""
    scale, zero = details["quantization"]
    if not np.issubdtype(values.dtype, np.integer) or not scale:
        return values
    return (values.astype(np.float32) - zero) * np.float32(scale)


class OnnxRuntime:
    """An ONNX file in a session of ONNX Runtime."""

    def __init__(self, path: Path, keys: Keys) -> None:
        import onnxruntime  # noqa: PLC0415 - of an extra

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = tf.config.threading.get_intra_op_parallelism_threads()
        self._keys = keys
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the outputs for a batch."""
        wanted = {each.name for each in self._session.get_inputs()}
        named = zip(self._keys.inputs, inputs, strict=True)
        given = {name: each for name, each in named if name in wanted}
        found: list[Any] = self._session.run(list(self._keys.outputs), given)
        return found


class TensorFlow:
    """A SavedModel, unpacked and loaded."""

    def __init__(self, path: Path, keys: Keys) -> None:
        self._keys = keys
        with own_folder("paoding-savedmodel-") as folder:
            unpack(path, folder)
            self._loaded = tf.saved_model.load(str(folder))

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the outputs for a batch."""
        pairs = zip(self._keys.inputs, inputs, strict=True)
        found = self._loaded.signatures[ENTRY](**{key: tf.constant(each) for key, each in pairs})
        return [found[key].numpy() for key in self._keys.outputs]
