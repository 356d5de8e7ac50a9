"""Writing a model in other formats, all from the same function."""

from __future__ import annotations

import random
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.exporting.lite import convert
from pytest_paoding.engine.exporting.samples import samples_for
from pytest_paoding.engine.exporting.serving import loop_in, save_model
from pytest_paoding.engine.keras_io.save import archive_of
from pytest_paoding.engine.silence import STDERR, STDOUT, silenced
from pytest_paoding.errors import ExportError, cause_of
from pytest_paoding.records.files.leftovers import own_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from typing_extensions import Unpack

    from pytest_paoding.records.protocol import AboutInputs

INT8 = "tflite-int8"


def export(
    model: Any,
    files: Mapping[str, Path],
    *,
    calibration: Any = None,
    seed: int = 0,
    **inputs: Unpack[AboutInputs],
) -> tuple[str, ...]:
    """Write a model in several formats.

    LiteRT files of a model have the same bytes whenever they are written. In a SavedModel and in
    ONNX the numbers in inner names depend on what the process has traced before.

    Args:
        model: A Sequential or Functional model; it is not changed.
        files: Where to write, by format: "tflite", "tflite-float16", "tflite-int8", "savedmodel"
            (a ZIP archive) or "onnx".
        calibration: Inputs without labels for the full integer quantization; None to draw some.
        seed: Seed of the synthetic inputs.
        **inputs: `input_range`, `input_kind` and `input_shape`, as for a pruning.

    Returns:
        Notes on the files, a line each.

    Cost: a trace and a copy of the weights for all formats together, and for each a conversion,
    about a second for small models.

    Raises:
        ExportError: A format has no counterpart of something in the model.
        DataError: `calibration` does not fit the model.
        OSError: A file cannot be written.
    """
    notes = []
    with own_folder("paoding-export-") as folder, _undisturbed():
        saved = _Saved(model, folder)
        for name, file in files.items():
            samples = None
            if name == INT8:
                saved.require_no_loop()
                samples = samples_for(model, calibration=calibration, seed=seed, **inputs)
                notes.append(f"the {name} file is calibrated on {samples.origin}")
            if name == "onnx":
                from pytest_paoding.engine.exporting.exchange import write_onnx  # noqa: PLC0415 - an extra

                write_onnx(model, file)
            elif name == "savedmodel":
                archive_of(saved(None), file)
            else:
                content, note = convert(name, saved, samples)
                file.write_bytes(content)
                notes += [note] if note else []
    return tuple(notes)


class _Saved:
    """The SavedModels of a model, each written when it is first needed."""

    def __init__(self, model: Any, folder: Path) -> None:
        self._model = model
        self._folder = folder
        self._served: dict[int | None, Any] = {}

    def __call__(self, batch: int | None) -> Path:
        """Return the folder of the SavedModel for a size of batches; None for any size."""
        folder = self._folder / f"batch-{batch}"
        if batch not in self._served:
            try:
                self._served[batch] = save_model(self._model, folder, batch=batch)
            except (AssertionError, TypeError, ValueError) as error:
                raise ExportError(
                    f"model {self._model.name!r} cannot be exported: {cause_of(error)}"
                ) from error
        return folder

    def require_no_loop(self) -> None:
        """Refuse models on which the calibration in TensorFlow 2.21 crashes the process."""
        self(None)
        if loop := loop_in(self._served[None]):
            raise ExportError(
                f"the model cannot be exported as {INT8}: {loop} is a loop, which has no form in "
                "integers; recurrent layers have one with unroll=True"
            )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Silence converters, and preserve the state of Python's random numbers."""
    drawn = random.getstate()
    try:
        with silenced(STDOUT, STDERR), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(drawn)
