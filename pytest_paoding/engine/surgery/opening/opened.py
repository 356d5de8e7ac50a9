"""Opening: a model whose calls only its own code knows becomes a Functional one.

Everything else of this package works on graphs. The code of a subclassed model is run once on
symbolic tensors, which records the graph; the result is a model of copies of its layers, compared
with the original before it stands in for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.graph.functional import is_nested
from pytest_paoding.engine.guard import undisturbed
from pytest_paoding.engine.inputs.input_settings import input_names
from pytest_paoding.engine.keras_io.compilation import carry_compile_config
from pytest_paoding.engine.surgery.cut import copy_state
from pytest_paoding.engine.surgery.opening.equality import (
    Pair,
    UnequalError,
    largest_difference,
    takes,
)
from pytest_paoding.engine.surgery.opening.input_specs import Spec, input_specs
from pytest_paoding.engine.surgery.opening.own_code import has_code, named_layers, own_weights
from pytest_paoding.engine.surgery.opening.recording import Recording, RetypedError
from pytest_paoding.engine.surgery.opening.unchanged import attributes_kept
from pytest_paoding.engine.surgery.opening.user_lines import explained, remedy_for
from pytest_paoding.errors import RAISED, PaodingError, PruningError, cause_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_paoding.records.protocol import InputShape

_TYPES = (None, "int32", "string")  # of inputs of which nothing is known, in the order tried
_REFUSALS = (AttributeError, KeyError, NotImplementedError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Opened:
    """A model with a graph.

    Attributes:
        model: The model that was given, if it had a graph all through; else a Functional one.
        notes: What the user has to know of it, a line each.
    """

    model: Any
    notes: tuple[str, ...] = ()


def opened(
    model: Any,
    *,
    input_shape: InputShape | None = None,
    data: Callable[[], Any] | None = None,
) -> Opened:
    """Return a model whose graph can be read, equal to the one given.

    A Sequential or Functional model is returned as it is. A subclassed one, or one that holds such
    a model, is recorded as a Functional model of copies of its layers, and compared with it on
    drawn inputs, with its own weights and with others. The model given is not changed, unless it
    has never been built: then it is.

    Args:
        model: The model.
        input_shape: Shapes of its inputs, if it was never called; see `prune`.
        data: Gives data that the model is to be judged on; shapes and dtypes are looked at.

    Cost: that of building the model anew, a copy of its weights, and runs on some hundred samples.

    Raises:
        PruningError: It is subclassed and cannot be recorded; the layer and the line of the user's
            code are named.
    """
    if not isinstance(model, keras.Model) or not has_code(model):
        return Opened(model)
    if is_nested(model):
        try:
            return _opened(model, _specs_of_graph(model), input_shape)
        except PaodingError as error:  # its own graph is there, with a layer that stays whole
            return Opened(model, (f"left whole: {error}",))
    with undisturbed():
        specs = input_specs(model, input_shape, None if data is None else data())
    return _opened(model, specs, input_shape)


def _specs_of_graph(model: Any) -> list[Any]:
    names = iter(input_names(model))
    structure = keras.tree.map_structure(
        lambda tensor: Spec(next(names), tuple(tensor.shape[1:]), str(tensor.dtype)), model.input
    )
    return [structure]


def _opened(model: Any, specs: list[Any], shape: InputShape | None) -> Opened:
    """Try all that an input of unknown dtype and a `training` of no value may be.

    What can be recorded and differs has a fault of its own: inputs of another dtype, of which fewer
    values are drawn, would hide it.
    """
    refusals: list[PruningError] = []
    for of_one_dtype in _tried(specs, shape):
        for tried, training in product(of_one_dtype, (None, False)):
            found = _attempt(model, tried, shape, training=training)
            if isinstance(found, Opened):
                return found
            refusals.append(found)
        if any(isinstance(each, UnequalError) for each in refusals):
            break
    raise PruningError(
        f"model {model.name!r} is a subclassed {type(model).__name__} and cannot be opened into a "
        f"graph: {refusals[0]}"
    ) from refusals[0]


def _tried(specs: list[Any], shape: InputShape | None) -> Iterator[list[list[Any]]]:
    """Return specs of one dtype after the other; each with open lengths, and as the user says."""
    leaves = keras.tree.flatten(specs)
    unknown = any(leaf.dtype is None for leaf in leaves)
    for dtype in _TYPES if unknown else _TYPES[:1]:
        typed = [replace(leaf, dtype=leaf.dtype or dtype) for leaf in leaves]
        found = [list(keras.tree.pack_sequence_as(specs, typed))]
        if shape is not None and any(None in leaf.shape for leaf in leaves):
            fixed = [replace(leaf, shape=_fixed(leaf, shape)) for leaf in typed]
            found.append(list(keras.tree.pack_sequence_as(specs, fixed)))
        yield found


def _fixed(spec: Spec, shape: Any) -> Any:
    return tuple(shape.get(spec.name, spec.shape) if isinstance(shape, dict) else shape)


def _attempt(
    model: Any, specs: list[Any], shape: InputShape | None, *, training: bool | None
) -> Opened | PruningError:
    """Return an opened model, or why these inputs do not open it."""
    leaves = keras.tree.flatten(specs)
    for _ in range(1 + len(leaves)):  # every input may turn out once to be of another dtype
        try:
            with undisturbed():
                if not model.built:
                    _build(model, leaves, specs)
                with attributes_kept(model):
                    pair, recording = _run(model, leaves, specs, training=training)
                    return _finished(pair, recording, shape)
        except RetypedError as wanted:  # noqa: PERF203 # which input, only a run can say
            leaves[wanted.place] = replace(leaves[wanted.place], dtype=wanted.dtype)
        except PruningError as error:
            return error
    return PruningError("two layers want an input in different dtypes")


def _run(
    model: Any, leaves: list[Spec], specs: list[Any], *, training: bool | None
) -> tuple[Pair, Recording]:
    taken = {layer.name for layer in named_layers(model)}
    tensors = [_symbol(model, leaf, taken) for leaf in leaves]
    args = keras.tree.pack_sequence_as(specs, tensors)
    recording = Recording(model, tensors)
    try:
        outputs = recording.outputs(model, args, training=training)
    except RetypedError:
        raise
    except RAISED as error:
        raise PruningError(explained(error)) from error
    functional = _functional(model, args, outputs)
    weights = _with_weights(recording, functional)
    return Pair(model, specs, functional, weights, recording.assigned), recording


def _build(model: Any, leaves: list[Spec], specs: list[Any]) -> None:
    """Run a model that was never called once, which makes its weights."""
    zeros = [
        keras.ops.zeros((1, *(size or 32 for size in leaf.shape)), leaf.dtype or "float32")
        for leaf in leaves
    ]
    try:
        model(*keras.tree.pack_sequence_as(specs, zeros))
    except RAISED as error:
        raise PruningError(f"it cannot be called: {remedy_for(error)}") from error


def _symbol(model: Any, spec: Spec, taken: set[str]) -> Any:
    floating = model.compute_dtype if model.autocast else "float32"
    name = f"{spec.name}_input" if spec.name in taken else spec.name
    stateful = any(getattr(layer, "stateful", False) for layer in named_layers(model))
    batch = spec.batch if stateful else None  # one state for each sample of a batch
    return keras.Input(batch_shape=(batch, *spec.shape), dtype=spec.dtype or floating, name=name)


def _functional(model: Any, args: list[Any], outputs: Any) -> Any:
    inputs = args[0] if len(args) == 1 else args
    try:
        return keras.Model(inputs, outputs, name=model.name)
    except _REFUSALS as error:
        raise PruningError(
            f"its outputs do not follow from its inputs: {cause_of(error)}"
        ) from error


def _with_weights(recording: Recording, functional: Any) -> dict[int, Any]:
    """Copy weights and other state to the copies in the graph; return the pairs of them."""
    used = set(functional.operations)
    found: dict[int, Any] = {}
    for old, new in recording.copies.items():
        if new in used:
            if not is_nested(old):
                copy_state(old, new, {})
            found.update(zip(map(id, old.weights), new.weights, strict=True))
    return found


def _finished(pair: Pair, recording: Recording, shape: InputShape | None) -> Opened:
    try:
        error = largest_difference(pair, shape)
    except PaodingError:
        raise
    except RAISED as failed:
        fixed = (use for use in recording.constants.fixing() if takes(pair, shape, use.rows))
        use = next(fixed, None)
        raise PruningError(explained(failed) if use is None else str(use)) from failed
    notes = [_gone(pair.original, recording, error), _unused(pair), _compiled(pair)]
    kept = [f"layer {name!r} stays whole: {why}" for name, why in recording.kept.items()]
    kept += [
        f"{recording.assigned.places[key]}what is assigned to {variable.path!r} is left out"
        for key, variable in recording.assigned.variables.items()
    ]
    return Opened(pair.opened, tuple(note for note in (*notes, *kept) if note))


def _gone(model: Any, recording: Recording, error: float) -> str:
    classes = dict.fromkeys((type(model).__name__, *recording.run.values()))
    names = ", ".join(name for name in classes if name not in ("Functional", "Sequential"))
    return (
        f"opened: what comes of it is a Functional model without the class {names}; it computes "
        f"what call(training=False) does (off by {error:.1e} on drawn inputs)"
    )


def _unused(pair: Pair) -> str | None:
    """Return a note on weights that inference never reads."""
    lost = [weight for weight in pair.original.weights if id(weight) not in pair.weights]
    if not lost:
        return None
    own = {id(weight) for weight in own_weights(pair.original)}
    names = ", ".join(
        repr(weight.name if id(weight) in own else weight.path) for weight in lost[:3]
    )
    more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""  # noqa: PLR2004 # as above
    return f"weights that inference does not read are left out: {names}{more}"


def _compiled(pair: Pair) -> str | None:
    """Compile the opened model as the original; return a note if that is impossible.

    What a file says of it is handed on as it is, as nothing of a file is ever compiled; so is what
    cannot be compiled again: the loss may be known where a metric is not.
    """
    if not pair.original.compiled:
        carry_compile_config(pair.original, pair.opened)
        return None
    try:
        pair.opened.compile_from_config(pair.original.get_compile_config())
    except _REFUSALS as error:
        carry_compile_config(pair.original, pair.opened)
        return f"left uncompiled: {cause_of(error)}"
    return None
