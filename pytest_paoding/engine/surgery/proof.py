"""The proof of a cut by the zero oracle.

The original model, with its readers' weights on removed units set to zero, must compute the same as
the new one. That holds for everything that acts per unit, but not for layers whose statistics
change.

Where whole models disagree, they are compared call by call, the new model given what the original
computes: rounding that a step function or a division by nearly nothing makes large, and values that
are random at inference, then show as what they are. Calls that agree one by one agree as a whole.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from math import inf
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.inference import finite, first_not_finite, run
from pytest_paoding.engine.graph.views import kept_along
from pytest_paoding.engine.guard import without_warnings
from pytest_paoding.engine.surgery.copies import copied, float64_copy, is_cast
from pytest_paoding.errors import ExecutionError, SurgeryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import NoReturn, TypeAlias

    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import WeightKey
    from pytest_paoding.engine.surgery.cut import Cut

    Arrays: TypeAlias = "Sequence[Any]"

# Largest difference that rounding alone may cause, in units of the largest output (at least 1).
TOLERANCES = {"float64": 1e-10, "float32": 1e-3, "bfloat16": 0.3, "float16": 0.1}


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of the checks of a cut.

    Attributes:
        error: Largest difference from the zero oracle, in units of the largest output; None where
            the oracle was not asked for or does not apply.
        precision: The dtype the oracle was computed in.
        note: Precision to which the oracle holds, or reason why it or the run of the models was
            left out; None after the usual checks alone.
    """

    error: float | None = None
    precision: str | None = None
    note: str | None = None


def proved(structure: Structure, cut: Cut, arrays: Arrays) -> Verification:
    """Compare a cut with the zero oracle, in float64 where all layers can.

    Raises:
        SurgeryError: They differ.
    """
    if structure.recomputed:
        names = ", ".join(structure.recomputed)
        return Verification(note=f"not proved: statistics are computed anew in {names}")
    reference = copied(structure.graph.model, dict(_zeroed(structure, cut)))
    models, (expected, found) = _compared(reference, cut.model, arrays)
    precision = _least_precision(models[0])
    if not all(finite(each).all() for each in expected):
        name = first_not_finite(models[0], arrays)
        return Verification(note=f"not proved: layer {name!r} gives values that are not finite")
    error = max(map(_distance, found, expected))
    proof = "proved"
    if not error <= TOLERANCES[precision]:
        error, worst, random = _call_by_call(structure, cut, models, arrays)
        proof = "proved call by call"
        if random:
            proof = f"proved with what is random in {', '.join(random)} held fixed"
        if not error <= TOLERANCES[precision]:
            what = f"outputs are off by {error:.1e} in {precision}, where units act one by one"
            fail(f"{what} (layer {worst!r})")
    why = "" if precision == "float64" else ", as not every layer can be run in float64"
    return Verification(error, precision, f"{proof}: off by {error:.1e} in {precision}{why}")


def _compared(
    reference: Any, pruned: Any, arrays: Arrays
) -> tuple[tuple[Any, Any], tuple[list[Any], list[Any]]]:
    """Return two models to compare, and their outputs: in float64 where all layers can.

    TensorFlow has no float64 for some, such as 3-d pooling on a CPU. Then both compute in their own
    precision, and may differ by its rounding: see `TOLERANCES`.
    """
    in_float64 = float64_copy(reference), float64_copy(pruned)
    if None not in in_float64:
        with suppress(ExecutionError):
            return in_float64, (
                outputs_of(in_float64[0], arrays),
                outputs_of(in_float64[1], arrays),
            )
    models = reference, stateless(pruned)
    return models, (outputs_of(models[0], arrays), outputs_of(models[1], arrays))


def outputs_of(model: Any, arrays: Arrays) -> list[Any]:
    """Return the outputs of a model in inference mode, flattened, as NumPy arrays.

    Raises:
        ExecutionError: A layer refuses what it is run on.
    """
    return [values_of(each) for each in run(model, arrays)]


def stateless(model: Any) -> Any:
    """Return a model to run, copied where runs would change its state."""
    stateful = any(getattr(call.operation, "stateful", False) for call in read_graph(model).calls)
    return copied(model, {}) if stateful else model


def fail(what: str) -> NoReturn:
    """Raise the error of a check that only a defect of this package can fail."""
    raise SurgeryError(f"self-check: {what}; please report this as a defect of pytest-paoding")


def _call_by_call(
    structure: Structure, cut: Cut, models: Sequence[Any], arrays: Arrays
) -> tuple[float, str, tuple[str, ...]]:
    """Run each call of the new model on what the reference computes of its units that stay.

    Returns:
        The largest difference of what a call returns, the name of that call, and the names of the
        calls that are random: those that do not give the same again for the same.
    """
    graphs = [read_graph(model) for model in models]
    errors, random = [(0.0, "")], []
    numbers = {call: number for number, call in enumerate(graphs[0].calls)}
    origins = _origins(graphs[0], structure.graph)

    def compare(call: Call, values: list[Any]) -> list[Any]:
        outputs = call.on(values)
        new = graphs[1].calls[numbers[call]]
        if any(map(_distance, map(values_of, call.on(values)), map(values_of, outputs))):
            random.append(call.name)
            return outputs
        found = new.on(_left(structure, cut, [origins[each] for each in call.inputs], values))
        expected = _left(structure, cut, [origins[each] for each in call.outputs], outputs)
        pairs = zip(map(values_of, found), map(values_of, expected), strict=True)
        errors.extend((_distance(*pair), call.name) for pair in pairs)
        return outputs

    with without_warnings():
        graphs[0].run([keras.ops.convert_to_tensor(array) for array in arrays], compare)
    return *max(errors), tuple(dict.fromkeys(random))


def _origins(copy: Graph, original: Graph) -> dict[Tensor, Tensor]:
    """Return the tensor of the original that each tensor of a copy stands for.

    Keras 3.5 casts what a copy in float64 reads by calls of their own, which the original lacks.
    """
    found = dict(zip(copy.inputs, original.inputs, strict=True))
    left = iter(original.calls)
    known = next(left, None)
    for call in copy.calls:
        read = tuple(found[each] for each in call.inputs)
        if known is None or (is_cast(call.operation) and not _alike(call, known, read)):
            found.update(zip(call.outputs, read, strict=True))
            continue
        found.update(zip(call.outputs, known.outputs, strict=True))
        known = next(left, None)
    return found


def _alike(call: Call, known: Call, read: tuple[Tensor, ...]) -> bool:
    """Whether a call that reads these tensors of the original is a copy of a known one."""
    return type(call.operation) is type(known.operation) and known.inputs == read


def _left(
    structure: Structure, cut: Cut, tensors: Sequence[Tensor], values: Sequence[Any]
) -> list[Any]:
    """Return what is left of the values of some tensors after the cut."""
    left = []
    for tensor, value in zip(tensors, values, strict=True):
        stay = kept_along(cut.stay[structure.views[tensor].labels])
        axes = [(axis, np.flatnonzero(kept)) for axis, kept in enumerate(stay, 1) if not kept.all()]
        left.append(reduce(lambda part, each: keras.ops.take(part, each[1], each[0]), axes, value))
    return left


def _zeroed(structure: Structure, cut: Cut) -> Iterator[tuple[WeightKey, Any]]:
    """Yield the weights of the original that the oracle changes, by layer and index."""
    arrays: dict[WeightKey, Any] = {key: np.array(values) for key, values in cut.weights.items()}
    for axis in structure.axes:
        gone = ~cut.stay[axis.classes]
        if axis.contracted and gone.any():
            key = axis.layer, axis.index
            if key not in arrays:
                arrays[key] = values_of(axis.layer.weights[axis.index])
            np.moveaxis(arrays[key], axis.axis, 0)[gone] = 0
    yield from arrays.items()


def _distance(found: Any, expected: Any) -> float:
    """Return the largest difference where both are finite; infinity where only one is."""
    if found.shape != expected.shape or (finite(found) != finite(expected)).any():
        return inf
    if expected.dtype.kind == "O":  # strings
        return float((found != expected).any())
    wide = complex if expected.dtype.kind == "c" else float
    first, second = (each[finite(expected)].astype(wide) for each in (found, expected))
    scale = max(1.0, float(np.max(np.abs(second), initial=0)))
    return float(np.max(np.abs(first - second), initial=0)) / scale


def _least_precision(model: Any) -> str:
    """Return the least precise floating dtype that a model's layers and casts compute in."""
    dtypes = set()
    for call in read_graph(model).calls:
        name = "compute_dtype" if isinstance(call.operation, keras.layers.Layer) else "dtype"
        dtypes.add(getattr(call.operation, name, None))
    found = [name for name in TOLERANCES if name in dtypes]
    return max(found, key=lambda name: TOLERANCES[name], default="float64")
