"""Trials: inputs that show whether Python logic of a model depends on what they are.

A branch on values or shapes that code takes unseen (`hasattr`, `x.shape[0] == 1`) shows only on
inputs that take the other way: batches of other sizes, values beyond any range, other lengths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.tensors import is_floating

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_paoding.engine.inputs.input_sources import InputSource

_BATCHES = (1, 2, 3, 5, 16)
_LARGE_BATCHES = (32, 33, 64, 100)  # where samples are small
_SMALL = 4096
_ROWS, _FEW = 4, 2
_VALUES: Mapping[str, Callable[[Any, Any], Any]] = {
    "zeros": lambda values, _: np.zeros(values.shape),
    "ones": lambda values, _: np.ones(values.shape),
    "whole numbers from 0 to 255": lambda values, generator: generator.integers(
        0, 255, values.shape, endpoint=True
    ),
    "negative values": lambda values, generator: -generator.uniform(0.1, 300, values.shape),
    "large values of both signs": lambda values, generator: generator.normal(0, 1e4, values.shape),
    "tiny values": lambda values, generator: generator.uniform(0, 1e-6, values.shape),
}


@dataclass(frozen=True, slots=True, eq=False)
class InputTrial:
    """Inputs to run both models on.

    Attributes:
        what: What is special of them, as in "on ...".
        arrays: The values of each input.
    """

    what: str
    arrays: Sequence[Any]


def trials(
    sources: Sequence[InputSource], arrays: Sequence[Any], inputs: Sequence[Any], generator: Any
) -> Iterator[InputTrial]:
    """Return trials by the size of the batch, by values and by lengths, each of one kind.

    Args:
        sources: What the inputs are.
        arrays: Drawn values of each, shape (samples, ...).
        inputs: The symbolic inputs, whose shapes say what is open.
        generator: Draws values.
    """
    batch = inputs[0].shape[0]
    yield from _of_values(sources, _rows(arrays, batch or _ROWS), generator)
    if batch is None:
        small = sum(array[:1].size for array in arrays) <= _SMALL
        for count in (*_BATCHES, *(_LARGE_BATCHES if small else ())):
            yield InputTrial(f"a batch of {count}", _rows(arrays, count))
    yield from _of_lengths(_rows(arrays, batch or _FEW), inputs)


def _rows(arrays: Sequence[Any], count: int) -> list[Any]:
    return [array[np.arange(count) % len(array)] for array in arrays]


def _of_values(
    sources: Sequence[InputSource], arrays: Sequence[Any], generator: Any
) -> Iterator[InputTrial]:
    """Return trials of every input that is not of a vocabulary, whose values are all it can be."""
    free = [source.vocabulary is None and source.tensor.dtype != "string" for source in sources]
    if not any(free):
        return
    for what, function in _VALUES.items():
        pairs = zip(sources, arrays, free, strict=True)
        changed = [_as(source, function(old, generator)) if is_free else old
                   for source, old, is_free in pairs]  # fmt: skip
        yield InputTrial(what, changed)


def _as(source: InputSource, values: Any) -> Any:
    """Return values in the dtype of an input; whole numbers stay within it."""
    if is_floating(source.tensor) or source.tensor.dtype == "bool":
        return values.astype(source.tensor.dtype)
    ends = np.iinfo(source.tensor.dtype)
    return np.clip(np.rint(values), ends.min, ends.max).astype(source.tensor.dtype)


def _of_lengths(arrays: Sequence[Any], inputs: Sequence[Any]) -> Iterator[InputTrial]:
    """Return trials of other lengths, where they are open, all of them changed alike."""
    axes = [[axis for axis, size in enumerate(each.shape) if axis and size is None]
            for each in inputs]  # fmt: skip
    changes: tuple[Callable[[int], int], ...] = (
        lambda length: min(1, length),
        lambda length: max(1, length // 2),
        lambda length: length + 1,
        lambda length: 2 * length,
    )
    for change in changes if any(axes) else ():
        found, lengths = list(arrays), {}
        for place, open_ones in enumerate(axes):
            for axis in open_ones:
                old = arrays[place].shape[axis]
                lengths[axis] = change(old)
                found[place] = np.take(found[place], np.arange(change(old)) % old, axis)
        yield InputTrial(
            f"lengths of {', '.join(map(str, dict.fromkeys(lengths.values())))}", found
        )
