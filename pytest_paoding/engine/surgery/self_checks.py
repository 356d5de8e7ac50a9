"""Self-checks of a cut: shapes, finite outputs, and the zero oracle.

Shapes that fit and outputs that are finite prove little, but cost little too; the zero oracle (see
`proof`) proves the cut.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.inference import finite, first_not_finite
from pytest_paoding.engine.inputs.draws import Draw, uniform
from pytest_paoding.engine.inputs.open_lengths import settled_sources
from pytest_paoding.engine.surgery.proof import (
    Verification,
    fail,
    outputs_of,
    proved,
    stateless,
)
from pytest_paoding.errors import ExecutionError, SurgeryError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.types import WeightKey
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.engine.surgery.cut import Cut

    Arrays: TypeAlias = "Sequence[Any]"

_SAMPLES = 2
_NUMBERS = 1 << 26  # most numbers of a batch whose size is fixed: half a gigabyte


def verify(
    structure: Structure,
    cut: Cut,
    *,
    full: bool = False,
    inputs: Arrays | None = None,
    unsaid: Sequence[str] = (),
) -> Verification:
    """Check a cut of the model that `structure` was read from.

    Args:
        structure: The structure.
        cut: The cut made from it.
        full: Whether to compare with the zero oracle, in float64 where all layers can.
        inputs: Some samples of each input, flattened; two random ones by default.
        unsaid: Settings of the inputs that were assumed, and that the user may give.

    Cost: a run of both models on two samples; `full` takes copies of both in float64 and another
    run.

    Raises:
        SurgeryError: A check failed, or the oracle was asked for but the original cannot run on the
            inputs; the message begins with "self-check:".
    """
    _check_widths(structure, cut)
    if inputs is None:
        sources, _ = settled_sources(structure.graph.model)
        inputs = proof_inputs(sources, 0)
    try:
        expected = outputs_of(stateless(structure.graph.model), inputs)
    except ExecutionError as error:
        advice = f" (see {' and '.join(unsaid)})" if unsaid else ""
        note = f"not run on random inputs: {error}{advice}"
        if full:
            raise SurgeryError(f"self-check: {note}") from error
        return Verification(note=note)
    _check_outputs(cut.model, inputs, expected)
    return proved(structure, cut, inputs) if full else Verification()


def _check_widths(structure: Structure, cut: Cut) -> None:
    """Check that the layers are the same, in order, and every weight has the intended shape."""
    pairs = zip(structure.graph.calls, read_graph(cut.model).calls, strict=True)
    expected = _shapes_left(structure, cut)
    for old, new in pairs:
        same = type(old.operation) is type(new.operation)
        named = isinstance(old.operation, keras.layers.Layer)  # operations get names of the moment
        if not same or (named and old.name != new.name):
            fail(f"layer {new.name!r} stands in the place of {old.name!r}")
        for index, weight in enumerate(getattr(new.operation, "weights", ())):
            shape = tuple(old.operation.weights[index].shape)
            if tuple(weight.shape) != expected.get((old.operation, index), shape):
                fail(f"layer {new.name!r}: weight {weight.name!r} has the shape {weight.shape}")


def _shapes_left(structure: Structure, cut: Cut) -> dict[WeightKey, tuple[int, ...]]:
    shapes: dict[WeightKey, tuple[int, ...]] = {}
    for axis in structure.axes:
        key = axis.layer, axis.index
        shape = list(shapes.get(key, axis.layer.weights[axis.index].shape))
        shape[axis.axis] = int(np.count_nonzero(cut.stay[axis.classes]))
        shapes[key] = tuple(shape)
    return shapes


def _check_outputs(model: Any, arrays: Arrays, original: Arrays) -> None:
    try:
        pruned = outputs_of(stateless(model), arrays)
    except ExecutionError as error:
        raise SurgeryError(f"self-check: after pruning, {error}: exclude what it reads") from error
    for number, (before, after) in enumerate(zip(original, pruned, strict=True)):
        if before.shape != after.shape:
            fail(f"output {number} has the shape {after.shape}, not {before.shape}")
        if finite(before).all() and not finite(after).all():
            raise SurgeryError(
                f"self-check: output {number} is not finite, where that of the original is: after "
                f"pruning, layer {first_not_finite(model, arrays)!r} overflows (exclude it, or "
                f"what it reads)"
            )


def proof_inputs(sources: InputSources, seed: int) -> list[Any]:
    """Return random samples of each input that fill its range, or are of its vocabulary.

    As many as a batch is fixed to, if that is affordable; two otherwise.

    Args:
        sources: The model's inputs.
        seed: Seed of the samples.
    """
    batches = (each.shape[0] for each in sources.graph.model.inputs)
    samples = next(filter(None, batches), _SAMPLES)
    if samples * sum(prod(source.layout.own) for source in sources) > _NUMBERS:
        samples = _SAMPLES
    return list(uniform(sources, Draw(samples, 0, np.random.default_rng(seed))).values())
