"""The data for judging, fitted to a model's inputs and outputs and checked, in small batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.data.sample_weights import (
    checked_weights,
    masked_by,
    standing_in,
)
from pytest_paoding.engine.evaluation.data.sources import raw_batches
from pytest_paoding.engine.evaluation.tasks.output_task import Truth
from pytest_paoding.engine.ports import find, fitted, listed
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_paoding.engine.evaluation.tasks.judged_tasks import JudgedTasks
    from pytest_paoding.engine.execution.signature import Signature
    from pytest_paoding.engine.graph.types import BoolArray
    from pytest_paoding.engine.ports import Port

_BLOCK = 1 << 22  # values that are looked at together


@dataclass(frozen=True, slots=True)
class Batch:
    """Some samples.

    Attributes:
        inputs: One array for each input of the model, of its dtype, finite.
        truths: What is true of each output that is judged, by its index; empty where the data has
            no labels.
        masks: Which samples or positions count of outputs without labels, by their weights and
            where a model masks some.
    """

    inputs: tuple[Any, ...]
    truths: Mapping[int, Truth]
    masks: Mapping[int, BoolArray] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of samples."""
        return len(self.inputs[0])

    def counts(self, index: int) -> BoolArray | None:
        """Return which samples count at an output, or which of their places; None where all do."""
        truth = self.truths.get(index)
        return self.masks.get(index) if truth is None else truth.counts


def read(
    data: Any, signature: Signature, tasks: JudgedTasks, size: Callable[[Batch], int]
) -> Iterator[Batch]:
    """Yield a user's data as batches that fit the model, read once and in order.

    Args:
        data: A pair (x, y) of arrays or a triple (x, y, weights), a `tf.data.Dataset` or any
            iterable of such. x is an array, or for several inputs a list in their order or a dict
            by name; y and weights likewise for the outputs. y may leave outputs out, which are then
            not judged, or be None, as may weights. Labels of what has the weight 0 may be anything.
        signature: Inputs and outputs of the model.
        tasks: The tasks of the outputs.
        size: Given the first samples, returns how many samples a batch may have.

    Raises:
        DataError: The data is empty, not finite, or does not fit; the input or output is named.
    """
    judged: frozenset[int] | None = None
    most = done = 0
    for x, y, weights in raw_batches(data):
        whole = with_truths(x, y, weights, signature, tasks)
        if judged is not None and judged != whole.truths.keys():
            raise DataError("some batches have labels for other outputs than others")
        judged = frozenset(whole.truths)
        if not whole.size:
            continue
        most = most or size(whole)
        for start in range(0, whole.size, most):
            yield _cast(_slice(whole, start, start + most), signature.inputs, done + start)
        done += whole.size
    if not done:
        raise DataError("the data has no samples (an iterator can be read only once)")


def inputs_of(x: Any, signature: Signature, *, most: int | None = None) -> tuple[Any, ...]:
    """Return inputs without labels as one array for each input of the model, in its dtypes.

    Args:
        x: The inputs, as for `read`.
        signature: Inputs and outputs of the model.
        most: How many samples to return, the first ones; None for all.

    Raises:
        DataError: They do not fit, or are not finite; the input is named.
    """
    return _cast(_inputs_only(x, signature.inputs, most), signature.inputs, 0).inputs


def require_sound(x: Any, ports: Sequence[Port]) -> None:
    """Refuse inputs of which any sample does not fit, or is not finite.

    Args:
        x: The inputs, as for `read`.
        ports: The inputs of the model.

    Cost: one pass over the values, a block at a time.

    Raises:
        DataError: They do not; the input is named.
    """
    whole = _inputs_only(x, ports)
    values = sum(prod(part.shape[1:]) for part in whole.inputs)
    rows = max(1, _BLOCK // max(1, values))
    for start in range(0, whole.size, rows):
        _cast(_slice(whole, start, start + rows), ports, start)


def _inputs_only(x: Any, ports: Sequence[Port], most: int | None = None) -> Batch:
    """Return all inputs in the model's order, `most` samples, their shapes and lengths checked."""
    inputs = tuple(
        _shaped(_first(part, most), port)
        for part, port in zip(_inputs(x, ports), ports, strict=True)
    )
    named = zip(ports, inputs, strict=True)
    _require_one_length({f"x {port.name!r}": len(part) for port, part in named})
    return Batch(inputs, {})


def _first(part: Any, most: int | None) -> Any:
    """Return the first samples of an array, a tensor or a list."""
    sequence = isinstance(part, (list, tuple)) or len(getattr(part, "shape", ())) > 0
    return part[:most] if sequence else part


def with_truths(x: Any, y: Any, weights: Any, signature: Signature, tasks: JudgedTasks) -> Batch:
    """Return a batch with the truth of every output that is judged.

    Raises:
        DataError: It does not fit; the input or output is named.
    """
    batch = _inputs_only(x, signature.inputs)
    labels = _labels(y, signature.outputs)
    if y is None:
        labels = _reconstructed(batch, signature, tasks)
    given = _labels(weights, signature.outputs, "weights")
    judged = {
        index: tasks.of(index, standing_in(part, given.get(index)))
        for index, part in labels.items()
    }
    counts = {
        index: task.weighted(labels[index], given.get(index)) for index, task in judged.items()
    }
    values = {index: task.truth(labels[index], counts[index]) for index, task in judged.items()}
    names = {index: signature.outputs[index].name for index in values}
    lengths = {f"y {names[index]!r}": len(part) for index, part in values.items()}
    _require_one_length({"x": batch.size, **lengths})
    truths = {
        index: Truth(part, checked_weights(counts[index], part.shape, names[index]))
        for index, part in values.items()
    }
    masks = {
        index: masked_by(part, batch.size, tasks.of(index))
        for index, part in given.items()
        if index not in truths and part is not None
    }
    return Batch(batch.inputs, truths, masks)


def _reconstructed(batch: Batch, signature: Signature, tasks: JudgedTasks) -> dict[int, Any]:
    """Return the input as what is true of outputs that reconstruct it."""
    found = {}
    for index, port in enumerate(signature.outputs):
        if tasks.of(index).name == "reconstruction":
            sources = [
                part
                for part, given in zip(batch.inputs, signature.inputs, strict=True)
                if len(given.shape) == len(port.shape)
            ]
            if sources:
                found[index] = sources[0]
    return found


def _require_one_length(lengths: Mapping[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} in {name}" for name, length in lengths.items())
        raise DataError(f"the numbers of samples differ: {found}")


def _inputs(x: Any, ports: Sequence[Port]) -> list[Any]:
    """Return the part of x that belongs to each input."""
    if isinstance(x, Mapping):
        parts = _by_name(x, ports, "input")
        missing = [port for index, port in enumerate(ports) if index not in parts]
        if missing:
            raise DataError(f"x lacks the input {listed(missing)}")
        return [parts[index] for index in range(len(ports))]
    several = isinstance(x, (list, tuple)) and len(ports) > 1
    parts_in_order = list(x) if several else [x]
    if len(parts_in_order) != len(ports):
        raise DataError(
            f"x has {len(parts_in_order)} parts, the model {len(ports)} inputs: {listed(ports)}"
        )
    return parts_in_order


def _labels(y: Any, ports: Sequence[Port], what: str = "labels") -> dict[int, Any]:
    """Return the part of y, or of weights, for each output that has one."""
    if y is None:
        return {}
    if isinstance(y, Mapping):
        return _by_name(y, ports, "output")
    if len(ports) == 1:
        return {0: y}
    if isinstance(y, (list, tuple)) and len(y) == len(ports):
        return {index: part for index, part in enumerate(y) if part is not None}
    raise DataError(
        f"the model has the outputs {listed(ports)}: give {what} for those to be judged, as a dict "
        f"by name or a list in this order"
    )


def _by_name(parts: Mapping[Any, Any], ports: Sequence[Port], what: str) -> dict[int, Any]:
    found = {}
    for name, part in parts.items():
        index = find(ports, str(name))
        if index is None:
            raise DataError(f"the model has no {what} {name!r}, its {what}s are {listed(ports)}")
        found[index] = part
    return found


def _shaped(part: Any, port: Port) -> Any:
    """Return one input as an array of the shape the model takes."""
    try:
        array = np.asarray(part)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"input {port.name!r} is no array: {error}") from error
    found = fitted(array, port.shape)
    if found is None:
        shape = ("samples", *("any" if length is None else length for length in port.shape))
        expected = ", ".join(str(length) for length in shape)
        raise DataError(f"input {port.name!r} has the shape {array.shape}, expected ({expected})")
    return found


def _slice(batch: Batch, start: int, stop: int) -> Batch:
    return Batch(
        tuple(part[start:stop] for part in batch.inputs),
        {index: truth[start:stop] for index, truth in batch.truths.items()},
        {index: mask[start:stop] for index, mask in batch.masks.items()},
    )


def _cast(batch: Batch, ports: Sequence[Port], first: int) -> Batch:
    """Return the batch in the model's dtypes; `first` is the number of its first sample."""
    inputs = tuple(
        _of_dtype(part, port, first) for part, port in zip(batch.inputs, ports, strict=True)
    )
    return replace(batch, inputs=inputs)


def _of_dtype(part: Any, port: Port, first: int) -> Any:
    if port.dtype == "string":
        return part
    if part.dtype.kind not in "biuf":
        raise DataError(f"input {port.name!r} is of dtype {part.dtype}, expected {port.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        cast = part.astype(port.dtype, copy=False)
    wrong = ~np.isfinite(cast) if port.floating else cast != part
    if wrong.any():
        sample = first + int(wrong.reshape(len(wrong), -1).any(axis=1).argmax())
        kind = "finite" if port.floating else f"{port.dtype} numbers"
        raise DataError(
            f"input {port.name!r} has values that are not {kind}, the first in sample {sample}"
        )
    return cast
