"""Goals: a target worked out for one model, in the figures of its counts and of its file."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from math import floor
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.work import UnknownWorkError, flops
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.engine.pruning.targets.counts import Counts
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from pytest_paoding.errors import PruningError
from pytest_paoding.records.files.leftovers import own_folder
from pytest_paoding.records.text.targets import Target, figure, shown_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.types import BoolArray, Shape

_SIZES = {"bfloat16": 2, "string": 0}  # bytes of types that NumPy has not


@dataclass(frozen=True, slots=True, eq=False)
class Goal:
    """What a model has to come down to.

    Attributes:
        target: What was asked for.
        structure: The structure of the model.
        counts: Predicts the figure from widths.
        whole: The figure of the model as it is.
        most: The greatest figure that meets the target.
        limit: The greatest prediction that does, as far as known: files need more or less than
            their weights tell, and not all units that are to go may go.
        shapes: Shapes of the inputs that operations are counted for; None for the model's own.
    """

    target: Target
    structure: Structure
    counts: Counts
    whole: int
    most: int
    limit: float
    shapes: tuple[Shape, ...] | None = None

    @classmethod
    def of(
        cls,
        target: Target,
        structure: Structure,
        groups: Sequence[Group],
        shapes: tuple[Shape, ...] | None = None,
    ) -> Goal:
        """Work a target out for a model.

        Args:
            target: What was asked for.
            structure: The structure of the model.
            groups: Its groups.
            shapes: Shapes of its inputs without the batch, where some of them are given in place of
                those that the model leaves open.

        Raises:
            PruningError: The model's figure is not defined or cannot be measured.
            ModelFileError: The model cannot be saved.
        """
        ((kind, amount),) = target.items()
        whole = figure_of(kind, structure.graph.model, shapes)
        counts = _counts(kind, structure, groups)
        # Shares like 0.29 of 100 come out a hair below the whole number they mean.
        most = floor(amount * whole + 1e-6) if amount < 1 else int(amount)
        widths = np.array([group.width for group in groups], np.int64)
        error = whole - counts.count(widths)
        return cls(target, structure, counts, whole, most, most - error, shapes)

    @property
    def kind(self) -> str:
        """What is counted."""
        return next(iter(self.target))

    @property
    def slack(self) -> float:
        """How far predictions may exceed the greatest figure; negative where they must be below."""
        return self.limit - self.most

    def to(self, limit: float) -> Goal:
        """Return the goal with another prediction to come down to."""
        return replace(self, limit=limit)

    def exactly(self, stay: BoolArray) -> int:
        """Return the figure of the model that a mask of classes leaves, shape (classes,)."""
        if self.kind != "size":
            return self.counts.exactly(stay)
        return figure_of(self.kind, cut(self.structure, Transform(stay)).model)

    def met(self, pruned: Any, ratio: float) -> str:
        """Return a note on a pruned model that meets the goal.

        Args:
            pruned: The model.
            ratio: The least uniform ratio that meets it.

        Raises:
            PruningError: It does not.
        """
        found = figure_of(self.kind, pruned, self.shapes)
        if found > self.most:
            raise self.missed(found)
        if pruned.count_params() == self.structure.graph.model.count_params():
            return f"target {shown_target(self.target)}: the model meets it unpruned"
        left = f"{figure(self.kind, found)} left ({found / self.whole:.1%})"
        return f"target {shown_target(self.target)}: {left}, as by the uniform ratio {ratio:g}"

    def missed(self, least: int) -> PruningError:
        """Return the error of a target that is out of reach.

        Args:
            least: The least figure that can be reached.
        """
        asked, share = shown_target(self.target), least / self.whole
        return PruningError(
            f"target {asked} is out of reach: the least is {figure(self.kind, least)} ({share:.1%})"
            "; raise the target, or let more units go (exclude, include, ratios, round_to, jump)"
        )


def figure_of(kind: str, model: Any, shapes: tuple[Shape, ...] | None = None) -> int:
    """Return the parameters of a model, its floating-point operations, or the bytes of its file.

    Args:
        kind: What is counted.
        model: The model.
        shapes: Shapes of its inputs without the batch, to count operations for.

    Raises:
        PruningError: Its operations are not defined, or there is no room to save it in.
        ModelFileError: It cannot be saved.
    """
    if kind == "parameters":
        return int(model.count_params())
    if kind == "flops":
        return _flops(model, shapes)
    try:
        with own_folder("paoding-size-") as folder:
            return save_model(model, folder / "model.keras")
    except OSError as error:
        reason = error.strerror or error
        raise PruningError(
            f"target size: the model cannot be saved in {tempfile.gettempdir()} to be measured: "
            f"{reason}; make room, or set TMPDIR"
        ) from error


def _flops(model: Any, shapes: tuple[Shape, ...] | None) -> int:
    graph = read_graph(model, shapes)
    try:
        return flops(graph)
    except UnknownWorkError as error:
        unfixed = any(None in tensor.shape for tensor in graph.inputs)
        more = ", or give the input_shape" if unfixed else ""
        raise PruningError(
            f"target flops: {error}: choose a target of parameters or of size{more}"
        ) from None


def _counts(kind: str, structure: Structure, groups: Sequence[Group]) -> Counts:
    if kind == "flops":
        return Counts.of_flops(structure, groups)
    if kind == "parameters":
        return Counts.of_parameters(structure, groups)
    return Counts.of_weights(structure, groups, _bytes_each)


def _bytes_each(weight: Any) -> int:
    dtype = keras.backend.standardize_dtype(weight.dtype)
    return _SIZES[dtype] if dtype in _SIZES else np.dtype(dtype).itemsize
