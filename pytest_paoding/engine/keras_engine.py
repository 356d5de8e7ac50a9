"""The engine for Keras models: what a gate asks for, done by the modules of this storey.

Importing this module imports nothing heavy: each method starts TensorFlow, silently, before it
imports what does the work.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.backend import TENSORFLOW, VARIABLE, backend
from pytest_paoding.engine.exporting import packages
from pytest_paoding.engine.garbage import set_aside
from pytest_paoding.engine.keras_io import identity
from pytest_paoding.engine.silence import start_keras, start_tensorflow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Unpack

    from pytest_paoding.engine.evaluation.data.examination import Examination
    from pytest_paoding.engine.pruning.pruner import Pruned
    from pytest_paoding.engine.surgery.opening.opened import Opened
    from pytest_paoding.records.measurement import Evaluation, Measurement
    from pytest_paoding.records.plan import Plan
    from pytest_paoding.records.protocol import (
        AboutInputs,
        InputShape,
        Judging,
        Progress,
        PrunedModel,
        Pruning,
        TaskNames,
    )


class KerasEngine:
    """Loads, prunes, evaluates and saves models of Keras 3 on TensorFlow."""

    def load_model(self, path: Path) -> Any:
        """Return the model in a file, uncompiled; see `keras_io.load.load_model`."""
        from pytest_paoding.engine.keras_io.archive import inspect

        file = inspect(path)  # before TensorFlow takes its seconds
        start_keras()
        from pytest_paoding.engine.keras_io.load import load_model

        return load_model(path, file)

    def opened(
        self,
        model: Any,
        *,
        input_shape: InputShape | None = None,
        data: Callable[[], Any] | None = None,
    ) -> Opened:
        """Return a model whose graph can be read; see `surgery.opening.opened.opened`."""
        start_tensorflow()
        from pytest_paoding.engine.surgery.opening.opened import opened

        return opened(model, input_shape=input_shape, data=data)

    def digest(self, model: Any) -> str:
        """Return `sha256:...` over architecture and weights; see `keras_io.digest.digest`."""
        start_tensorflow()
        from pytest_paoding.engine.keras_io.digest import digest

        return digest(model)

    @set_aside()
    def prune(
        self, model: Any, *, progress: Progress | None = None, **settings: Unpack[Pruning]
    ) -> Pruned:
        """Return a smaller model and its plan, checked; see `pruning.pruner.prune`."""
        start_tensorflow()
        from pytest_paoding.engine.pruning.pruner import prune

        return prune(model, progress=progress, **settings)

    def apply(self, model: Any, plan: Plan) -> Pruned:
        """Return a model with what a plan leaves of another; see `surgery.apply.apply`."""
        start_tensorflow()
        from pytest_paoding.engine.pruning.pruner import Pruned
        from pytest_paoding.engine.surgery.apply import apply

        return Pruned(apply(model, plan), plan)

    def look_early(self, path: Path, data: Any) -> Any:
        """Hold data against what a file declares; see `evaluation.data.early_look.look_early`."""
        from pytest_paoding.engine.evaluation.data.early_look import look_early

        return look_early(path, data)

    def examine(
        self, model: Any, data: Any, task: TaskNames | None = None, **inputs: Unpack[AboutInputs]
    ) -> Examination:
        """Look at the first samples of the data; see `evaluation.data.examination.examine`."""
        start_tensorflow()
        from pytest_paoding.engine.evaluation.data.examination import examine

        return examine(model, data, task, **inputs)

    @set_aside()
    def evaluate(  # noqa: PLR0913 - every setting by its own name
        self,
        original: Any,
        pruned: Any,
        data: Any,
        *,
        calibration: Any = None,
        files: Mapping[str, Path] | None = None,
        progress: Progress | None = None,
        **settings: Unpack[Judging],
    ) -> Evaluation:
        """Return every metric but the sizes; see `evaluation.evaluate.evaluate`."""
        start_tensorflow()
        from pytest_paoding.engine.evaluation.evaluate import evaluate

        return evaluate(
            original,
            pruned,
            data,
            calibration=calibration,
            files=files,
            progress=progress,
            **settings,
        )

    def output_shift(
        self, original: Any, pruned: PrunedModel, **inputs: Unpack[AboutInputs]
    ) -> Measurement:
        """Return a bound of how far any output moves; see `evaluation.shift.output_shift`."""
        start_tensorflow()
        from pytest_paoding.engine.evaluation.shift import output_shift

        return output_shift(original, pruned.model, pruned.plan, **inputs)

    def layer_flops(
        self, model: Any, input_shape: InputShape | None = None
    ) -> dict[str, int | None]:
        """Return the work of each layer; see `execution.work.layer_costs`."""
        start_tensorflow()
        from pytest_paoding.engine.execution.work import layer_costs
        from pytest_paoding.engine.graph.functional import read_graph
        from pytest_paoding.engine.inputs.open_lengths import given_shapes

        graph = read_graph(model, given_shapes(model, input_shape))
        return {cost.name: cost.flops for cost in layer_costs(graph)}

    def save(self, model: Any, path: Path) -> int:
        """Write a model and return its bytes; see `keras_io.save.save_model`."""
        start_tensorflow()
        from pytest_paoding.engine.keras_io.save import save_model

        return save_model(model, path)

    def read_back(self, model: Any, path: Path) -> Any:
        """Hold a saved file against its model; see `surgery.read_back.require_same`."""
        start_tensorflow()
        from pytest_paoding.engine.surgery.read_back import require_same

        return require_same(model, path)

    @set_aside()
    def export(
        self,
        model: Any,
        files: Mapping[str, Path],
        *,
        calibration: Any = None,
        seed: int = 0,
        **inputs: Unpack[AboutInputs],
    ) -> tuple[str, ...]:
        """Write a model in several formats; see `exporting.export.export`."""
        start_tensorflow()
        from pytest_paoding.engine.exporting.export import export

        return export(model, files, calibration=calibration, seed=seed, **inputs)

    def identify(self, source: Path | Any) -> str | None:
        """Return a digest of a model or its file; see `keras_io.identity`."""
        if isinstance(source, Path):
            return identity.of_file(source)
        start_tensorflow()
        from pytest_paoding.engine.keras_io.digest import identify

        return identify(source)

    def fingerprint(self, data: Any) -> str | None:
        """Return a digest of data for judging or calibration; see `keras_io.identity.of_data`."""
        return identity.of_data(data)

    def versions(self, formats: Sequence[str] = ()) -> dict[str, str]:
        """Return the versions of the packages that do the work, without importing them.

        Raises:
            ExportError: One that a format needs is not installed.
        """
        needed = packages.versions(formats)  # first: what is missing is known without TensorFlow
        return {**{name: _version(name) for name in ("tensorflow", "keras", "numpy")}, **needed}

    def must_move(self) -> bool:
        """Whether Keras has another backend here: then a child process does the work."""
        return backend() != TENSORFLOW

    def settle(self, *, first: bool) -> None:
        """Choose the backend of a child process, for good if code of the project might."""
        os.environ[VARIABLE] = TENSORFLOW
        if first:
            start_tensorflow()

    def registered(self) -> tuple[Any, ...]:
        """Return classes, functions and rules of the project; see `keras_io.handing_over`."""
        if "keras" not in sys.modules:
            return ()
        from pytest_paoding.engine.keras_io.handing_over import registered

        return tuple(registered())

    def hand_over(self, model: Any, path: Path) -> dict[str, Any]:
        """Write a model for another process; see `keras_io.handing_over.hand_over`."""
        start_keras()
        from pytest_paoding.engine.keras_io.handing_over import hand_over

        return hand_over(model, path)

    def take_over(self, path: Path, objects: Mapping[str, Any]) -> Any:
        """Return the model of another process; see `keras_io.handing_over.take_over`."""
        start_tensorflow()
        from pytest_paoding.engine.keras_io.handing_over import take_over

        return take_over(path, objects)


def _version(name: str) -> str:
    if name in sys.modules:
        return str(sys.modules[name].__version__)
    try:
        return version(name)
    except PackageNotFoundError:  # TensorFlow comes under several names, such as tensorflow-cpu
        return version(packages_distributions()[name][0])
