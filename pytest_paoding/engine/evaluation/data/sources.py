"""Sources of the data for judging: arrays, data sets, or anything that yields batches.

Nothing here imports Keras or TensorFlow, whose kinds of data are there only where they are loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sized
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.errors import RAISED, DataError, cause_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAIR, _WEIGHTED = 2, 3
NO_SAMPLES = "the data has no samples (an iterator can be read only once)"
_ENDLESS = -1  # tf.data.INFINITE_CARDINALITY


def raw_batches(data: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield (x, y, sample weights) from a user's data, each once and in order.

    A tuple or list is one such batch, held in memory; so is an array or a dict, which is x alone. A
    `tf.data.Dataset`, a `keras.utils.PyDataset` and any other iterable yields batches, which need
    not fit into memory together. What is not given is None.

    Raises:
        DataError: It is of no such kind, never ends or cannot be read.
    """
    if is_held(data):
        yield _parts(data, "the data")
        return
    for batch in _reading(_iterable(data)):
        yield _parts(batch, "a batch")


def is_held(data: Any) -> bool:
    """Whether data are one batch in memory: arrays and tensors, alone or in lists and dicts."""
    return isinstance(data, (tuple, list, Mapping, np.ndarray)) or _is_tensor(data)


def is_data_set(data: Any) -> bool:
    """Whether data are a `tf.data.Dataset` or a `keras.utils.PyDataset`."""
    return _is_dataset(data) or _is_py_dataset(data)


class Begun:
    """Batches of which the first was read.

    Its first pass goes on from there; only further ones ask the data for a pass of their own, which
    some cannot give: nothing is read twice, and nothing is lost, whatever an iterable does.
    """

    def __init__(self, first: Any, rest: Iterator[Any], data: Iterable[Any]) -> None:
        """Take the first batch, what yields the others, and the data they are from."""
        self._begun: Iterator[Any] | None = chain([first], rest)
        self._data = data

    def __iter__(self) -> Iterator[Any]:
        """Return the first pass, then others."""
        begun, self._begun = self._begun, None
        return iter(self._data) if begun is None else begun


def peeked(data: Any) -> tuple[tuple[Any, Any, Any], Any]:
    """Return the first batch, and data that still begin with it.

    Raises:
        DataError: As `raw_batches`, or there is none.
    """
    batches = raw_batches(data)
    first = next(batches, None)
    if first is None:
        raise DataError(NO_SAMPLES)
    return first, data if is_held(data) or is_data_set(data) else Begun(first, batches, data)


def known_length(data: Any) -> int:
    """Return the number of samples where it is known without reading, else 0."""
    if isinstance(data, (tuple, list)) and data:
        first = data[0]
        while isinstance(first, (tuple, list, Mapping)) and first:
            first = next(iter(first.values() if isinstance(first, Mapping) else first))
        return len(first) if isinstance(first, Sized) and not isinstance(first, str) else 0
    return 0


def _is_tensor(data: Any) -> bool:
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(data, tensorflow.Tensor)


def _is_dataset(data: Any) -> bool:
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(data, tensorflow.data.Dataset)


def _is_py_dataset(data: Any) -> bool:
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(data, keras.utils.PyDataset)


def _iterable(data: Any) -> Iterable[Any]:
    if _is_dataset(data):
        if int(data.cardinality()) == _ENDLESS:
            raise DataError("the data set repeats forever: end it with .take(BATCHES)")
        return data.as_numpy_iterator()  # type: ignore[no-any-return]  # TensorFlow is untyped
    if _is_py_dataset(data):
        return (data[index] for index in range(len(data)))
    if isinstance(data, Iterable) and not isinstance(data, (str, bytes)):
        return data
    raise DataError(
        f"the data is a {type(data).__name__}: hand in (x, y), a tf.data.Dataset or an iterator of "
        f"batches (x, y)"
    )


def _reading(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield from `batches`, and turn whatever their code raises into one line."""
    iterator = iter(batches)
    while True:
        try:
            batch = next(iterator)
        except StopIteration:
            return
        except DataError:
            raise
        except RAISED as error:
            name = type(error).__name__
            raise DataError(f"the data cannot be read: {name}: {cause_of(error)}") from error
        yield batch


def _parts(batch: Any, what: str) -> tuple[Any, Any, Any]:
    """Return x, y and sample weights; an array or a dict is x alone."""
    if not isinstance(batch, (tuple, list)):
        if isinstance(batch, Mapping) or hasattr(batch, "shape"):
            return batch, None, None
        raise DataError(f"{what} is not a pair (x, y) but a {type(batch).__name__}")
    if not _PAIR <= len(batch) <= _WEIGHTED:
        raise DataError(f"{what} is not a pair (x, y) but {len(batch)} parts")
    x, y, *weights = batch
    return x, y, weights[0] if weights else None
