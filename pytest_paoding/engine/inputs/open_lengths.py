"""Lengths that a model leaves open, settled to run it without data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.graph.functional import read_graph, require_graph
from pytest_paoding.engine.inputs.input_ranges import input_names
from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.engine.graph.types import Shape
    from pytest_paoding.records.protocol import InputShape

_LENGTHS = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
_SMALLER = (24, 16, 12, 8, 6, 4, 3, 2, 1)
"""Lengths to try, in this order: those of pictures and texts first, then what is left."""


def settled_shapes(
    model: Any, given: InputShape | None = None
) -> tuple[tuple[Shape, ...], str | None]:
    """Return a shape without open lengths for each input, and a note on those that were assumed.

    Every open length is the first of a list of usual ones that all layers accept.

    Args:
        model: A Sequential or Functional model.
        given: A shape without the batch for the only input, or shapes by the inputs' names.

    Cost: a reading of the graph for each length that is tried.

    Raises:
        PruningError: The model has no graph, a shape does not fit an input, or no length fits all
            layers.
    """
    require_graph(model)
    names = input_names(model)
    if given is not None and not isinstance(given, Mapping):
        if len(names) > 1:
            raise PruningError(f"input_shape {tuple(given)} is one, the inputs are {names}")
        given = {names[0]: given}
    known = _given(model, names, given or {})
    if not any(None in shape for shape in known):
        return known, None
    for shapes in _candidates(known):
        if _fits(model, shapes):
            return shapes, _note(names, known, shapes)
    open_ones = ", ".join(
        f"{name!r} {shape}" for name, shape in zip(names, known, strict=True) if None in shape
    )
    raise PruningError(
        f"no usual length fits every layer behind the input {open_ones}: give its input_shape"
    )


def _given(model: Any, names: list[str], given: Mapping[str, Shape]) -> tuple[Shape, ...]:
    for name in given:
        if name not in names:
            raise PruningError(f"input_shape names {name!r}: the inputs of the model are {names}")
    return tuple(
        _fitting(name, tuple(tensor.shape[1:]), given.get(name))
        for name, tensor in zip(names, model.inputs, strict=True)
    )


def _fitting(name: str, own: Shape, given: Shape | None) -> Shape:
    if given is None:
        return own
    fits = len(given) == len(own) and all(
        size is None or size == length for size, length in zip(own, given, strict=True)
    )
    if not fits:
        raise PruningError(f"input_shape {tuple(given)} does not fit the input {name!r}, {own}")
    return tuple(given)


def _candidates(known: tuple[Shape, ...]) -> Iterator[tuple[Shape, ...]]:
    for length in (*_LENGTHS, *_SMALLER):
        yield tuple(tuple(size or length for size in shape) for shape in known)


def _fits(model: Any, shapes: tuple[Shape, ...]) -> bool:
    try:
        graph = read_graph(model, shapes)
    except Exception:  # noqa: BLE001 # layers refuse shapes in ways of their own
        return False
    sizes = [size for call in graph.calls for tensor in call.outputs for size in tensor.shape]
    return all(size is None or size > 0 for size in sizes)


def _note(names: list[str], known: tuple[Shape, ...], shapes: tuple[Shape, ...]) -> str:
    assumed = (
        f"{name} {'x'.join(map(str, settled))}"
        for name, own, settled in zip(names, known, shapes, strict=True)
        if None in own
    )
    return f"the model leaves lengths open: {', '.join(assumed)} is assumed (see input_shape)"
