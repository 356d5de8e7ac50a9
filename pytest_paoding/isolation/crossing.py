"""Values on their way to a child process and back: plain for JSON, and arrays in files.

Whatever JSON cannot tell by itself becomes a table that names its kind. What a child keeps for
itself, such as a model, is a number to the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import astuple, dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np

from pytest_paoding.errors import RAISED, ChildError, DataError
from pytest_paoding.isolation.origins import Origin
from pytest_paoding.records.asked_for import AskedFor
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import Direction
from pytest_paoding.records.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

_KIND, _PARTS = "$", "of"
_AS_IT_IS = (bool, int, float, str, type(None))
_ENDLESS = -1  # as TensorFlow counts the batches of a data set that repeats forever


@dataclass(frozen=True)
class Handle:
    """What the child keeps, a model, data, or a callable, until there is no handle for it.

    Attributes:
        number: The child's number for it.
    """

    number: int


@dataclass(frozen=True, slots=True)
class Batches:
    """Batches of data in files, each read when it is needed.

    Attributes:
        read: Returns the value of a plain form.
        plain: The plain forms of the batches.
    """

    read: Callable[[Any], Any]
    plain: Sequence[Any]

    def __iter__(self) -> Iterator[Any]:
        return map(self.read, self.plain)


@dataclass(frozen=True, slots=True)
class Crossing:
    """Takes values apart and puts them together again.

    Attributes:
        folder: Where the files are that go with plain values.
        kept: What a child keeps, by number; None on the other side, to which it is handles.
    """

    folder: Path
    kept: Mapping[int, Any] | None = None
    _numbers: Iterator[int] = field(default_factory=count, init=False)
    _handles: WeakValueDictionary[int, Handle] = field(
        default_factory=WeakValueDictionary, init=False
    )
    _told: set[int] = field(default_factory=set, init=False)

    def file(self, ending: str) -> Path:
        """Return the path of a file that is not there yet."""
        side = "here" if self.kept is None else "there"
        return self.folder / f"{side}-{next(self._numbers)}{ending}"

    def arguments(self, given: Mapping[str, Any]) -> Any:
        """Return the plain form of what a call is given; messages call each by its name."""
        return {_KIND: "mapping", _PARTS: [[key, self.plain(given[key], key)] for key in given]}

    def plain(self, value: Any, what: str = "a value") -> Any:
        """Return the plain form of a value.

        Args:
            value: The value.
            what: What it is, for messages.

        Raises:
            ConfigError: It is code that no other process can import.
            DataError: It is of a kind that does not cross.
        """
        if type(value) in _AS_IT_IS:
            return value
        if isinstance(value, np.generic):
            return self.plain(value.item(), what)
        if isinstance(value, list):
            return [self.plain(each, what) for each in value]
        kind = next(each for each in _KINDS if each.has(value))
        return {_KIND: kind.name, _PARTS: kind.apart(self, value, what)}

    def value(self, plain: Any) -> Any:
        """Return the value of a plain form.

        Raises:
            ChildError: A child answers with code.
        """
        if isinstance(plain, list):
            return [self.value(each) for each in plain]
        if not isinstance(plain, dict):
            return plain
        kind = next(each for each in _KINDS if each.name == plain[_KIND])
        if kind.code and self.kept is None:
            raise ChildError(f"the child process answers with {kind.name}, which is not taken")
        return kind.together(self, plain[_PARTS])

    def kept_as(self, number: int) -> Any:
        """Return what has a number: the thing itself for the child that keeps it."""
        if self.kept is not None:
            return self.kept[number]
        self._told.add(number)
        return self._handles.setdefault(number, Handle(number))

    def forgotten(self) -> list[int]:
        """Return the numbers of handles that are gone since this was asked last."""
        gone = self._told.difference(self._handles)
        self._told.difference_update(gone)
        return sorted(gone)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of values that JSON cannot tell by itself.

    Attributes:
        name: Its name.
        has: Whether a value is of this kind, and of none before it.
        apart: Takes one apart, and is told what it is.
        together: Puts it together again.
        code: Whether that imports something: a child asks nobody to, whatever has become of it.
    """

    name: str
    has: Callable[[Any], bool]
    apart: Callable[[Crossing, Any, str], Any]
    together: Callable[[Crossing, Any], Any]
    code: bool = False


def _is(*types: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, types)


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__")


def _plan(crossing: Crossing, plan: Plan, _: str) -> str:
    file = crossing.file(".json")
    plan.save(file)
    return str(file)


def _score(crossing: Crossing, score: AskedFor, _: str) -> list[Any]:
    better = None if score.direction is None else score.direction.value
    target = crossing.plain(score.target, f"score {score.name!r}")
    return [score.name, target, better, score.joint]


def _score_of(crossing: Crossing, parts: list[Any]) -> AskedFor:
    name, target, better, joint = parts
    direction = None if better is None else Direction(better)
    return AskedFor(name, crossing.value(target), direction, joint)


def _array(crossing: Crossing, value: Any, what: str) -> Any:
    """Return the file of an array; of one of objects, such as texts, its shape and its parts."""
    try:
        array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"{what} is no array: {error}") from error
    if array.dtype.kind == "O":
        parts = array.reshape(-1).tolist()
        return [list(array.shape), [crossing.plain(each, what) for each in parts]]
    if array.dtype.kind == "V":  # a small float that NumPy's files do not know
        array = array.astype(np.float32)
    file = crossing.file(".npy")
    np.save(file, array, allow_pickle=False)
    return str(file)


def _array_of(crossing: Crossing, found: Any) -> Any:
    if isinstance(found, str):
        return np.load(found, allow_pickle=False)
    shape, parts = found
    array = np.empty(len(parts), dtype=object)
    array[:] = [crossing.value(each) for each in parts]
    return array.reshape(shape)


def _code(_: Crossing, code: Any, what: str) -> tuple[Any, ...]:
    return astuple(Origin.needed(code, what))


def _batches(crossing: Crossing, data: Any, what: str) -> list[Any]:
    cardinality = getattr(data, "cardinality", None)
    if callable(cardinality) and int(cardinality()) == _ENDLESS:
        raise DataError("the data set repeats forever: end it with .take(BATCHES)")
    return [crossing.plain(each, "a batch") for each in _each(data, what)]


def _each(data: Any, what: str) -> Iterator[Any]:
    """Yield batches, which need not fit into memory.

    Raises:
        DataError: They are no data, or their code raised.
    """
    indexed = isinstance(data, Sized) and hasattr(data, "on_epoch_end")  # as Keras calls it
    if not indexed and not isinstance(data, Iterable):
        raise DataError(
            f"{what} is or holds a {type(data).__name__}, which cannot be handed to a child"
            " process: hand in arrays, a tf.data.Dataset or an iterator of batches (x, y)"
        )
    try:
        yield from (data[index] for index in range(len(data))) if indexed else data
    except RAISED as error:
        name = type(error).__name__
        raise DataError(f"{what} cannot be read: {name}: {error}") from error


_KINDS = (
    _Kind(
        "tuple",
        _is(tuple),
        lambda crossing, value, what: [crossing.plain(each, what) for each in value],
        lambda crossing, parts: tuple(map(crossing.value, parts)),
    ),
    _Kind(
        "mapping",
        _is(Mapping),
        lambda crossing, value, what: [[key, crossing.plain(value[key], what)] for key in value],
        lambda crossing, pairs: {key: crossing.value(each) for key, each in pairs},
    ),
    _Kind(
        "kept",
        _is(Handle),
        lambda _, handle, __: handle.number,
        lambda crossing, number: crossing.kept_as(number),
    ),
    _Kind("path", _is(Path), lambda _, path, __: str(path), lambda _, text: Path(text)),
    _Kind("bytes", _is(bytes), lambda _, raw, __: raw.hex(), lambda _, text: bytes.fromhex(text)),
    _Kind(
        "measurement",
        _is(Measurement),
        lambda _, measurement, __: measurement.to_dict(),
        lambda _, plain: Measurement.from_dict(plain),
    ),
    _Kind("plan", _is(Plan), _plan, lambda _, file: Plan.load(file)),
    _Kind("score", _is(AskedFor), _score, _score_of, code=True),
    _Kind("array", _is_array, _array, _array_of),
    _Kind("code", callable, _code, lambda _, origin: Origin(*origin).find(), code=True),
    _Kind("batches", lambda _: True, _batches, lambda crossing, of: Batches(crossing.value, of)),
)
