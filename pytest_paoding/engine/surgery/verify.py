"""Self-checks of a cut: shapes, finite outputs, and the zero oracle.

Shapes that fit and outputs that are finite prove little, but cost little too. The zero oracle
proves the cut: the original model, with its readers' weights on removed units set to zero, must
compute the same. It holds for everything that acts per unit, but not for layers whose statistics
change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, uniform
from pytest_paoding.engine.inputs.open_lengths import settled_sources
from pytest_paoding.engine.surgery.copies import copied, float64_copy
from pytest_paoding.errors import SurgeryError, cause_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import WeightKey
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.engine.surgery.cut import Cut

    Arrays: TypeAlias = "Sequence[Any]"

# Largest difference that rounding alone may cause, in units of the largest output (at least 1).
TOLERANCES = {"float64": 1e-10, "float32": 1e-3, "bfloat16": 0.3, "float16": 0.1}
_SAMPLES = 2


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


def verify(  # keyword-only, each with a default
    structure: Structure,
    cut: Cut,
    *,
    full: bool = False,
    inputs: Arrays | None = None,
) -> Verification:
    """Check a cut of the model that `structure` was read from.

    Args:
        structure: The structure.
        cut: The cut made from it.
        full: Whether to compare with the zero oracle, in float64 where all layers can.
        inputs: Some samples of each input, flattened; two random ones by default.

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
        expected = outputs_of(_stateless(structure.graph.model), inputs)
    except Exception as error:
        note = f"not run on random inputs: {type(error).__name__}: {cause_of(error)}"
        if full:
            raise SurgeryError(f"self-check: {note}") from error
        return Verification(note=note)
    _check_outputs(expected, outputs_of(_stateless(cut.model), inputs))
    return _proved(structure, cut, inputs) if full else Verification()


def _stateless(model: Any) -> Any:
    """Return a model to run, copied where runs would change its state."""
    stateful = any(getattr(call.operation, "stateful", False) for call in read_graph(model).calls)
    return copied(model, {}) if stateful else model


def outputs_of(model: Any, arrays: Arrays) -> list[Any]:
    """Return the outputs of a model in inference mode, flattened, as NumPy arrays."""
    if isinstance(model, keras.Sequential):
        given = arrays[0]
    else:
        given = keras.tree.pack_sequence_as(model.input, list(arrays))
    return [values_of(each) for each in keras.tree.flatten(model(given, training=False))]


def _check_widths(structure: Structure, cut: Cut) -> None:
    """Check that the layers are the same, in order, and every weight has the intended shape."""
    pairs = zip(structure.graph.calls, read_graph(cut.model).calls, strict=True)
    expected = _shapes_left(structure, cut)
    for old, new in pairs:
        same = type(old.operation) is type(new.operation)
        named = isinstance(old.operation, keras.layers.Layer)  # operations get names of the moment
        if not same or (named and old.name != new.name):
            _fail(f"layer {new.name!r} stands in the place of {old.name!r}")
        for index, weight in enumerate(getattr(new.operation, "weights", ())):
            shape = tuple(old.operation.weights[index].shape)
            if tuple(weight.shape) != expected.get((old.operation, index), shape):
                _fail(f"layer {new.name!r}: weight {weight.name!r} has the shape {weight.shape}")


def _shapes_left(structure: Structure, cut: Cut) -> dict[WeightKey, tuple[int, ...]]:
    shapes: dict[WeightKey, tuple[int, ...]] = {}
    for axis in structure.axes:
        key = axis.layer, axis.index
        shape = list(shapes.get(key, axis.layer.weights[axis.index].shape))
        shape[axis.axis] = int(np.count_nonzero(cut.stay[axis.classes]))
        shapes[key] = tuple(shape)
    return shapes


def _check_outputs(original: Arrays, pruned: Arrays) -> None:
    for number, (before, after) in enumerate(zip(original, pruned, strict=True)):
        if before.shape != after.shape:
            _fail(f"output {number} has the shape {after.shape}, not {before.shape}")
        if np.isfinite(before).all() and not np.isfinite(after).all():
            _fail(f"output {number} is not finite, where that of the original is")


def _proved(structure: Structure, cut: Cut, arrays: Arrays) -> Verification:
    if structure.recomputed:
        names = ", ".join(structure.recomputed)
        return Verification(note=f"not proved: statistics are computed anew in {names}")
    reference = copied(structure.graph.model, dict(_zeroed(structure, cut)))
    in_float64 = float64_copy(reference), float64_copy(cut.model)
    models = (reference, _stateless(cut.model)) if None in in_float64 else in_float64
    precision = _least_precision(models[0])
    expected, found = (outputs_of(model, arrays) for model in models)
    error = max(_distance(one, two) for one, two in zip(found, expected, strict=True))
    proof = "proved"
    if not error <= TOLERANCES[precision]:
        error, random = _with_random_values_held(*models, arrays)
        proof = f"proved with what is random in {', '.join(random)} held fixed"
    if not error <= TOLERANCES[precision]:
        _fail(f"outputs are off by {error:.1e} in {precision}, where units act one by one")
    return Verification(error, precision, f"{proof}: off by {error:.1e} in {precision}")


def _with_random_values_held(
    reference: Any, pruned: Any, arrays: Arrays
) -> tuple[float, tuple[str, ...]]:
    """Run two models call by call, giving both what random layers return in the first.

    Returns:
        The largest difference of an output, or of what a random layer reads, and the names of the
        layers that are random: those that do not give the same again for the same.
    """
    held: dict[int, tuple[list[Any], list[Any]]] = {}
    names: dict[str, None] = {}
    errors = [0.0]

    def first(call: Call, values: list[Any]) -> list[Any]:
        once, again = call.on(values), call.on(values)
        if any((values_of(a) != values_of(b)).any() for a, b in zip(once, again, strict=True)):
            held[graphs[0].calls.index(call)] = values, once
            names[call.name] = None
        return once

    def second(call: Call, values: list[Any]) -> list[Any]:
        number = graphs[1].calls.index(call)
        if number not in held:
            return call.on(values)
        wanted, outputs = held[number]
        errors.extend(map(_distance, map(values_of, values), map(values_of, wanted)))
        return outputs

    graphs = read_graph(reference), read_graph(pruned)
    given = [keras.ops.convert_to_tensor(array) for array in arrays]
    expected, found = graphs[0].run(given, first), graphs[1].run(given, second)
    errors.extend(map(_distance, map(values_of, found), map(values_of, expected)))
    return max(errors), tuple(names)


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
    scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
    return float(np.max(np.abs(found - expected), initial=0)) / scale


def _least_precision(model: Any) -> str:
    """Return the least precise floating dtype that a model's layers and casts compute in."""
    dtypes = set()
    for call in read_graph(model).calls:
        name = "compute_dtype" if isinstance(call.operation, keras.layers.Layer) else "dtype"
        dtypes.add(getattr(call.operation, name, None))
    found = [name for name in TOLERANCES if name in dtypes]
    return max(found, key=lambda name: TOLERANCES[name], default="float64")


def proof_inputs(sources: InputSources, seed: int) -> list[Any]:
    """Return random samples of each input that fill its range, or are of its vocabulary.

    Args:
        sources: The model's inputs.
        seed: Seed of the samples.
    """
    batches = (each.shape[0] for each in sources.graph.model.inputs)
    samples = next(filter(None, batches), _SAMPLES)
    return list(uniform(sources, Draw(samples, 0, np.random.default_rng(seed))).values())


def _fail(what: str) -> None:
    raise SurgeryError(f"self-check: {what}; please report this as a defect of pytest-paoding")
