"""Slices: groups of samples that a callable of the user's names, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.data.sources import raw_batches
from pytest_paoding.errors import RAISED, DataError, cause_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_paoding.engine.graph.types import IntArray

_MOST = 1000
"""Most slices: of more, each would be bounded by next to nothing."""
_NAMES = "biuU"
"""Kinds of arrays of which every element is a name."""


@dataclass(frozen=True, slots=True)
class Memberships:
    """Which samples belong to which slices, as pairs.

    Attributes:
        names: Names of the slices, in the order in which they were met.
        samples: Number of a sample in the data, shape (pairs,).
        slices: Number of a slice that it belongs to, shape (pairs,).
    """

    names: tuple[str, ...]
    samples: IntArray
    slices: IntArray


@dataclass(slots=True)
class SliceReader:
    """Asks for the slices of every batch before it is judged.

    Attributes:
        ask: Called with x and y of a batch, as the data give them, returns for each sample a name,
            a text or a whole number; several names in a list; or None for no slice.
        inputs: Number of the model's inputs: of several, a list of x holds one for each.
    """

    ask: Callable[[Any, Any], Any]
    inputs: int = 1
    _numbers: dict[str, int] = field(default_factory=dict, init=False)
    _pairs: list[tuple[IntArray, IntArray]] = field(default_factory=list, init=False)
    _done: int = field(default=0, init=False)

    def watched(self, data: Any) -> Iterator[tuple[Any, Any, Any]]:
        """Yield the batches of a user's data as they are, each after its slices were asked for.

        Raises:
            DataError: The answer is not one for each sample; one line.
        """
        for x, y, weights in raw_batches(data):
            self._take(x, y)
            yield x, y, weights

    @property
    def memberships(self) -> Memberships:
        """What was answered of all batches so far, each pair once."""
        pairs = np.concatenate([np.empty((2, 0), np.int64), *map(np.stack, self._pairs)], axis=1)
        samples, slices = np.unique(pairs, axis=1)
        return Memberships(tuple(self._numbers), samples, slices)

    def _take(self, x: Any, y: Any) -> None:
        try:
            answer = self.ask(x, y)
        except RAISED as error:
            name = type(error).__name__
            raise DataError(f"slices cannot be told: {name}: {cause_of(error)}") from error
        size = _length(x, self.inputs)
        samples, names, places = _pairs_of(answer, size)
        numbers = [self._numbers.setdefault(name, len(self._numbers)) for name in names]
        if len(self._numbers) > _MOST:
            raise DataError(
                f"slices names more than {_MOST} groups ({', '.join(names[:2])}, ...): a name is "
                f"that of a group, not of a sample"
            )
        self._pairs.append((samples + self._done, np.array(numbers, np.int64)[places]))
        self._done += size


def _length(x: Any, inputs: int) -> int:
    """Return the number of samples of a batch; 0 of what is no batch, which is refused later."""
    first = x
    if isinstance(x, Mapping) or (isinstance(x, (list, tuple)) and inputs > 1):
        first = next(iter(x.values() if isinstance(x, Mapping) else x), None)
    return len(first) if isinstance(first, Sized) else 0


def _pairs_of(answer: Any, size: int) -> tuple[IntArray, list[str], IntArray]:
    """Return samples, the different names, and which of them each of the samples has."""
    table = _array(answer, size)
    if not table.size:  # no names at all
        return np.empty(0, np.int64), [], np.empty(0, np.int64)
    if table.dtype.kind in _NAMES and table.ndim in {1, 2}:
        samples = np.repeat(np.arange(size), table.shape[1] if table.ndim > 1 else 1)
        different, places = np.unique(table, return_inverse=True)
        return samples, list(map(str, different.tolist())), places.ravel().astype(np.int64)
    if table.dtype.kind not in _NAMES and table.dtype != object:
        raise _no_name(0, table.ravel()[:1].tolist())
    found = [(at, name) for at, each in enumerate(table) for name in _named(at, each)]
    samples = np.array([at for at, _ in found], np.int64)
    names = list(dict.fromkeys(name for _, name in found))
    number = {name: place for place, name in enumerate(names)}
    return samples, names, np.array([number[name] for _, name in found], np.int64)


def _array(answer: Any, size: int) -> Any:
    """Return an answer as an array, of objects where it is none; its length is checked."""
    if isinstance(answer, (str, bytes, dict)) or not isinstance(answer, Sized):
        kind = type(answer).__name__
        raise DataError(f"slices returned a {kind}: it must return a name for each of the samples")
    if len(answer) != size:
        raise DataError(f"slices returned {len(answer)} names for {size} samples")
    try:
        array = np.asarray(answer)
    except ValueError:  # lists of different lengths
        return np.array(answer, object)
    return np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array


def _named(at: int, each: Any) -> Iterator[str]:
    """Yield the names of one sample."""
    if each is None:
        return
    several = isinstance(each, (list, tuple, set, frozenset, np.ndarray))
    for name in each if several else (each,):
        if isinstance(name, bytes):
            yield name.decode(errors="replace")
        elif isinstance(name, (str, int, np.integer, np.bool_)):
            yield str(name)
        else:
            raise _no_name(at, name)


def _no_name(at: int, found: Any) -> DataError:
    return DataError(
        f"slices returned {found!r} for sample {at} of a batch: a name is a text or a whole "
        f"number, several stand in a list, and None is none"
    )
