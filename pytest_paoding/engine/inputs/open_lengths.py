"""Lengths that a model leaves open, settled to run it without data."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.damage import MOST_VALUES
from pytest_paoding.engine.graph.functional import read_graph, require_graph
from pytest_paoding.engine.inputs.input_settings import by_input, input_names
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.inputs.receptive_field import receptive_field
from pytest_paoding.errors import RAISED, PruningError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Unpack

    from pytest_paoding.engine.graph.types import Shape
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.records.protocol import AboutInputs, InputShape

_LENGTHS = (
    *(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1280),
    *(1536, 2048, 2560, 3072, 4096, 5120, 6144, 8192, 10240, 12288, 16384),
)
_USUAL, _SIDE, _LONGEST = 32, 8, 512
_VIDEO = 4  # axes of a video: frames, two sides, channels
"""Least lengths: of inputs whose layers see all of them, of any picture, of the longest window."""


def settled_sources(model: Any, **inputs: Unpack[AboutInputs]) -> tuple[InputSources, str | None]:
    """Return what the inputs of a model are, their lengths settled, and a note on those assumed.

    Args:
        model: A Sequential or Functional model.
        **inputs: What the user says of them.

    Raises:
        PruningError: See `settled_shapes` and `sources_of`.
    """
    shapes, assumed = settled_shapes(model, inputs.get("input_shape"))
    graph = read_graph(model, shapes)
    return sources_of(graph, inputs.get("input_range"), inputs.get("input_kind")), assumed


def settled_shapes(
    model: Any, given: InputShape | None = None
) -> tuple[tuple[Shape, ...], str | None]:
    """Return a shape without open lengths for each input, and a note on those that were assumed.

    Every open length is the first of some usual ones that holds a receptive field and that all
    layers accept: from 8 to 32 for pictures, from 32 to 512 for sequences, from 8 for the
    frames of a video, and 32 where layers see the whole input, or one value of it.

    Args:
        model: A Sequential or Functional model.
        given: A shape without the batch for the only input, or shapes by the inputs' names.

    Cost: a reading of the graph for each length that is tried.

    Raises:
        PruningError: The model has no graph, a shape does not fit an input, or no length fits all
            layers.
    """
    known, names = given_shapes(model, given), input_names(model)
    if not any(None in shape for shape in known):
        return known, None
    for shapes in _candidates(known, _least(model, known)):
        if _fits(model, shapes):
            return shapes, _note(names, known, shapes)
    open_ones = ", ".join(
        f"{name!r} {shape}" for name, shape in zip(names, known, strict=True) if None in shape
    )
    raise PruningError(
        f"no usual length fits every layer behind the input {open_ones}: give its input_shape"
    )


def given_shapes(model: Any, given: InputShape | None = None) -> tuple[Shape, ...]:
    """Return the shape of each input, with the lengths that a user gave in place of open ones.

    Args:
        model: A Sequential or Functional model.
        given: A shape without the batch for the only input, or shapes by the inputs' names.

    Raises:
        PruningError: The model has no graph, or a shape does not fit an input.
    """
    require_graph(model)
    names = input_names(model)
    if given is not None and not isinstance(given, Mapping):
        if len(names) > 1:
            raise PruningError(f"input_shape {tuple(given)} is one, the inputs are {names}")
        given = {names[0]: given}
    return _given(model, names, by_input(model, given or {}, "input_shape"))


def _given(model: Any, names: list[str], given: Mapping[str, Shape]) -> tuple[Shape, ...]:
    known = tuple(
        _fitting(name, tuple(tensor.shape[1:]), given.get(name))
        for name, tensor in zip(names, model.inputs, strict=True)
    )
    for name, shape in zip(names, known, strict=True):
        if 0 in shape:
            raise PruningError(f"the input {name!r} holds no values: its shape is {shape}")
        if prod(size or 1 for size in shape) > MOST_VALUES:
            raise PruningError(
                f"input_shape: the input {name!r} of the shape {shape} has more than "
                f"{MOST_VALUES:,} values"
            )
    return known


def _fitting(name: str, own: Shape, given: Shape | None) -> Shape:
    if given is None:
        return own
    fits = len(given) == len(own) and all(
        size is None or size == length for size, length in zip(own, given, strict=True)
    )
    if not fits:
        raise PruningError(f"input_shape {tuple(given)} does not fit the input {name!r}, {own}")
    return tuple(given)


def _least(model: Any, known: tuple[Shape, ...]) -> int:
    """Return the least length that shows layers what they were trained to see."""
    field = receptive_field(read_graph(model))
    if all(_of_frames(shape) for shape in known if None in shape):
        return max(_SIDE, min(field or 0, _USUAL))
    if field is None:
        return _USUAL
    along_one = all(shape.count(None) <= 1 for shape in known)
    return max(_USUAL, min(field, _LONGEST)) if along_one else max(_SIDE, min(field, _USUAL))


def _of_frames(shape: Shape) -> bool:
    """Whether a shape is that of a video that leaves only the number of frames open."""
    return len(shape) >= _VIDEO and None not in shape[1:]


def _candidates(known: tuple[Shape, ...], least: int) -> Iterator[tuple[Shape, ...]]:
    longer = [length for length in _LENGTHS if length >= least]
    shorter = [length for length in reversed(_LENGTHS) if length < least]
    for length in (*longer, *shorter):
        yield tuple(tuple(size or length for size in shape) for shape in known)


def _fits(model: Any, shapes: tuple[Shape, ...]) -> bool:
    try:
        graph = read_graph(model, shapes)
    except RAISED:  # layers refuse shapes in ways of their own
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
