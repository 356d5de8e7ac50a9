"""The data for judging, fitted to a model's inputs and outputs and checked, in small batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.evaluation.data.judged_inputs import (
    cast_inputs,
    fitting_inputs,
    parts_by_name,
    require_one_length,
)
from pytest_paoding.engine.evaluation.data.sample_weights import (
    checked_weights,
    masked_by,
    standing_in,
)
from pytest_paoding.engine.evaluation.data.sources import NO_SAMPLES, raw_batches
from pytest_paoding.engine.evaluation.tasks.output_task import Truth
from pytest_paoding.engine.ports import listed
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_paoding.engine.evaluation.tasks.judged_tasks import JudgedTasks
    from pytest_paoding.engine.execution.signature import Signature
    from pytest_paoding.engine.graph.types import BoolArray
    from pytest_paoding.engine.ports import Port


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
            batch = _slice(whole, start, start + most)
            inputs = cast_inputs(batch.inputs, signature.inputs, done + start)
            yield replace(batch, inputs=inputs)
        done += whole.size
    if not done:
        raise DataError(NO_SAMPLES)


def with_truths(x: Any, y: Any, weights: Any, signature: Signature, tasks: JudgedTasks) -> Batch:
    """Return a batch with the truth of every output that is judged.

    Raises:
        DataError: It does not fit; the input or output is named.
    """
    inputs = fitting_inputs(x, signature.inputs)
    labels = _labels(y, signature.outputs)
    if y is None:
        labels = _reconstructed(inputs, signature, tasks)
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
    require_one_length({"x": len(inputs[0]), **lengths})
    truths = {
        index: Truth(part, checked_weights(counts[index], part.shape, names[index]))
        for index, part in values.items()
    }
    masks = {
        index: masked_by(part, len(inputs[0]), tasks.of(index))
        for index, part in given.items()
        if index not in truths and part is not None
    }
    return Batch(inputs, truths, masks)


def _reconstructed(
    inputs: Sequence[Any], signature: Signature, tasks: JudgedTasks
) -> dict[int, Any]:
    """Return the input as what is true of outputs that reconstruct it."""
    found = {}
    for index, port in enumerate(signature.outputs):
        if tasks.of(index).name == "reconstruction":
            sources = [
                part
                for part, given in zip(inputs, signature.inputs, strict=True)
                if len(given.shape) == len(port.shape)
            ]
            if sources:
                found[index] = sources[0]
    return found


def _labels(y: Any, ports: Sequence[Port], what: str = "labels") -> dict[int, Any]:
    """Return the part of y, or of weights, for each output that has one."""
    if y is None:
        return {}
    if isinstance(y, Mapping):
        return parts_by_name(y, ports, "output")
    if len(ports) == 1:
        return {0: y}
    if isinstance(y, (list, tuple)) and len(y) == len(ports):
        return {index: part for index, part in enumerate(y) if part is not None}
    raise DataError(
        f"the model has the outputs {listed(ports)}: give {what} for those to be judged, as a dict "
        f"by name or a list in this order"
    )


def _slice(batch: Batch, start: int, stop: int) -> Batch:
    return Batch(
        tuple(part[start:stop] for part in batch.inputs),
        {index: truth[start:stop] for index, truth in batch.truths.items()},
        {index: mask[start:stop] for index, mask in batch.masks.items()},
    )
