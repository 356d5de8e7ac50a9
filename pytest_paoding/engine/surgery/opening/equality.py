"""Equality: the proof that an opened model computes what the original does.

Both are run on drawn inputs: as they are, and again with every weight of both changed alike. The
second run shows that a weight is still a weight: a value that was read from one while the model's
code was recorded would have become a constant. Other batches, values and lengths show whether
Python's logic depends on them (see `trials`), and what the code assigns, whether it matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.open_lengths import settled_sources
from pytest_paoding.engine.keras_classes import KERAS_VARIABLE
from pytest_paoding.engine.surgery.opening.assignments import Assignments, refused_of_tensorflow
from pytest_paoding.engine.surgery.opening.layer_calls import parameters_of
from pytest_paoding.engine.surgery.opening.own_code import named_layers
from pytest_paoding.engine.surgery.opening.trials import InputTrial, trials
from pytest_paoding.errors import RAISED, PruningError, cause_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_paoding.engine.inputs.input_sources import InputSource
    from pytest_paoding.records.protocol import InputShape

TOLERANCES = {"float64": 1e-12, "float32": 1e-5, "bfloat16": 2e-2, "float16": 2e-3}
"""Largest difference that the order of operations may cause, in units of the largest output."""

SAMPLES = 8
_ROUNDINGS = 10
_FLOATS = tuple(TOLERANCES)


class UnequalError(PruningError):
    """An opened model and the original differ."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A model and what its code was recorded as.

    Attributes:
        original: The model.
        args: Structure of the arguments of its `call`.
        opened: The Functional model.
        weights: The variable of the opened model for each of the original, by id.
        assigned: What the code assigns to, which the opened model does not.
    """

    original: Any
    args: Any
    opened: Any
    weights: Mapping[int, Any]
    assigned: Assignments = field(default_factory=Assignments)


def largest_difference(pair: Pair, shape: InputShape | None, *, seed: int = 0) -> float:
    """Return the largest difference of an output, in units of the largest output (at least 1).

    Neither model is changed, nor the states of layers that are random.

    Cost: four runs of eight samples, and two of each trial (about thirty samples; 260 where samples
    are small).

    Raises:
        UnequalError: The two differ by more than rounding; the message says in what.
    """
    generator = np.random.default_rng(seed)
    sources, arrays = _drawn(pair, shape, generator)
    inputs = _converted(pair, arrays)
    noises = _noises(pair.original, generator)
    expected = _original(pair, inputs, {})
    tolerance = max(map(_tolerance, expected), default=0.0)
    error = distance(expected, _opened(pair, inputs, {}))
    if not error <= tolerance:
        again = distance(expected, _original(pair, inputs, {}))
        raise UnequalError(_difference(error, random=not again <= tolerance))
    changed = distance(_original(pair, inputs, noises), _opened(pair, inputs, noises))
    if not changed <= tolerance:
        raise UnequalError(_constant(pair, inputs, noises, tolerance))
    _require_no_use(pair, inputs, expected, tolerance)
    for trial in trials(sources, arrays, pair.opened.inputs, generator):
        _require_equal(pair, trial)
    return max(error, changed)


def takes(pair: Pair, shape: InputShape | None, rows: int) -> bool:
    """Whether the original can be run on so many rows of drawn inputs."""
    try:
        _, arrays = _drawn(pair, shape, np.random.default_rng(0))
        few = [array[np.arange(rows) % len(array)] for array in arrays]
        _original(pair, _converted(pair, few), {})
    except RAISED:  # whatever code of the user raises
        return False
    return True


def _require_equal(pair: Pair, trial: InputTrial) -> None:
    """Check that the two are equal in a trial, if the original takes it."""
    inputs = _converted(pair, trial.arrays)
    try:
        expected = _original(pair, inputs, {})
    except PruningError:
        raise
    except RAISED:  # it is not made for such inputs
        return
    why = "its own code depends on what its inputs hold, or on how many samples there are"
    try:
        found = _opened(pair, inputs, {})
    except RAISED as error:
        raise UnequalError(
            f"on {trial.what} it works, and as a graph it fails ({cause_of(error)}): {why}"
        ) from error
    apart = distance(expected, found)
    tolerance = max(map(_tolerance, expected), default=0.0)
    if not apart <= tolerance and not apart <= _ROUNDINGS * _rounding(pair, trial, found):
        raise UnequalError(
            f"as a graph it computes something else on {trial.what} (off by {apart:.1e}): {why}"
        )


def _rounding(pair: Pair, trial: InputTrial, found: Sequence[Any]) -> float:
    """Return how far outputs of the graph move with the last digits of its inputs.

    Large values add up to much. The original may branch on those digits; the graph does not.
    """
    moved = [
        array * (1 + 4 * np.finfo(array.dtype).eps) if array.dtype.kind == "f" else array
        for array in trial.arrays
    ]
    return distance(found, _opened(pair, _converted(pair, moved), {}))


def _require_no_use(
    pair: Pair, inputs: Sequence[Any], expected: Sequence[Any], tolerance: float
) -> None:
    """Check that what the code assigns does not change what it computes the next time."""
    variables = pair.assigned.variables
    if not variables:
        return
    with refused_of_tensorflow(lambda: True), keras.StatelessScope() as scope:
        _called(pair, inputs)
    values = {key: scope.get_current_value(each) for key, each in variables.items()}
    later = {key: each for key, each in values.items() if each is not None}
    if not distance(expected, _original(pair, inputs, later)) <= tolerance:
        place = next(iter(pair.assigned.places.values()))
        names = ", ".join(repr(each.path) for each in variables.values())
        raise UnequalError(
            f"{place}it assigns to {names} and computes something else each time: put it into a "
            f"layer, or assign only in training"
        )


def _difference(error: float, *, random: bool) -> str:
    if random:
        return "it computes something else each time, drawing at random outside of any layer"
    return (
        f"as a graph it computes something else (off by {error:.1e}): something outside of its "
        f"layers is random, or remembers"
    )


def _constant(
    pair: Pair, inputs: Sequence[Any], noises: Mapping[int, Any], tolerance: float
) -> str:
    """Return a message that names the weight that became a constant."""
    for variable in pair.original.weights:
        alone = {id(variable): noises[id(variable)]} if id(variable) in noises else {}
        if alone and not (
            distance(_original(pair, inputs, alone), _opened(pair, inputs, alone)) <= tolerance
        ):
            return (
                f"the weight {variable.path!r} is read outside of the layer that holds it: put "
                f"what is done with it into a layer"
            )
    return "it reads weights outside of the layers that hold them"


def _drawn(
    pair: Pair, shape: InputShape | None, generator: Any
) -> tuple[list[InputSource], list[Any]]:
    sources, _ = settled_sources(pair.opened, input_shape=shape)
    count = pair.opened.inputs[0].shape[0] or SAMPLES
    values = drawn(sources, Draw(count, count // 2, generator))
    return list(sources), [values[source.tensor] for source in sources]


def _converted(pair: Pair, arrays: Sequence[Any]) -> list[Any]:
    return [
        keras.ops.convert_to_tensor(array, dtype=tensor.dtype)
        for array, tensor in zip(arrays, pair.opened.inputs, strict=True)
    ]


def _noises(model: Any, generator: np.random.Generator) -> dict[int, Any]:
    """Return new values for every weight, by id; statistics that have to be positive stay so."""
    return {
        id(weight): _moved(values_of(weight), generator)
        for weight in model.weights
        if str(weight.dtype) in _FLOATS
    }


def _moved(values: Any, generator: np.random.Generator) -> Any:
    factor, more = generator.uniform(0, 1, (2, *values.shape))
    return (values * (1 + factor / 10) + more / 100).astype(values.dtype)


def _original(pair: Pair, inputs: Sequence[Any], values: Mapping[int, Any]) -> list[Any]:
    model = pair.original
    known = {id(each): each for each in model.weights} | pair.assigned.variables
    mapping = [(each, values[key]) for key, each in known.items() if key in values]
    mapping += [(state, np.zeros(state.shape)) for state in _states(model)]
    with (
        refused_of_tensorflow(lambda: True),
        keras.StatelessScope(state_mapping=_tensors(mapping)),
    ):
        return _arrays(_called(pair, inputs))


def _called(pair: Pair, inputs: Sequence[Any]) -> Any:
    args = keras.tree.pack_sequence_as(pair.args, list(inputs))
    kwargs = {"training": False} if "training" in parameters_of(pair.original) else {}
    return pair.original(*args, **kwargs)


def _states(model: Any) -> list[Any]:
    """Return what recurrent layers remember from call to call; their copies start anew."""
    held = [
        getattr(layer, "states", None)
        for layer in named_layers(model)
        if getattr(layer, "stateful", False)
    ]
    return [each for each in keras.tree.flatten(held) if isinstance(each, KERAS_VARIABLE)]


def _opened(pair: Pair, inputs: Sequence[Any], values: Mapping[int, Any]) -> list[Any]:
    mapping = [(pair.weights[key], value) for key, value in values.items() if key in pair.weights]
    given = keras.tree.pack_sequence_as(pair.opened.input, list(inputs))
    with keras.StatelessScope(state_mapping=_tensors(mapping)):
        return _arrays(pair.opened(given, training=False))


def _tensors(mapping: Sequence[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return [(key, keras.ops.convert_to_tensor(each, dtype=key.dtype)) for key, each in mapping]


def _arrays(outputs: Any) -> list[Any]:
    return [values_of(each) for each in keras.tree.flatten(outputs)]


def _tolerance(array: Any) -> float:
    return TOLERANCES.get(str(array.dtype), 0.0)


def distance(one: Sequence[Any], two: Sequence[Any]) -> float:
    """Return the largest difference of two models' outputs; infinite where they do not compare.

    In units of the largest value, at least 1. What is not a number in both is the same.
    """
    if [each.shape for each in one] != [each.shape for each in two]:
        return float("inf")
    return max(map(_apart, one, two), default=0.0)


def _apart(one: Any, two: Any) -> float:
    if one.dtype.kind not in "fV" and one.dtype.name != "bfloat16":
        return 0.0 if np.array_equal(one, two) else float("inf")
    first, second = one.astype(np.float64), two.astype(np.float64)
    same = (first == second) | (np.isnan(first) & np.isnan(second))
    if same.all():
        return 0.0
    scale = max(1.0, float(np.max(np.abs(first), where=np.isfinite(first), initial=0.0)))
    apart = float(np.max(np.abs(first - second)[~same])) / scale
    return apart if np.isfinite(apart) else float("inf")
