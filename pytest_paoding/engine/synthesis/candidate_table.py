"""The table of candidates: what one forward pass tells of each of many inputs.

Of every candidate it holds what a weighing needs, and nothing that grows with the size of a
picture: mean and mean square of each channel that a normalisation recorded, how often each
rectified unit fires, and how the heads answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.linear import activation_of, is_linear
from pytest_paoding.engine.execution.normalisation import norm_axis, recorded
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.graph.norms import is_norm
from pytest_paoding.engine.inputs.inputs import chunked
from pytest_paoding.engine.synthesis.class_targets import class_shares, classifying

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import FloatArray, IntArray

_COLUMNS = 2048  # most channels, and most units, that are looked at: 100 MB for 12,288 candidates
_RECTIFIED = (
    keras.activations.relu,
    keras.activations.leaky_relu,
    keras.activations.elu,
    keras.activations.selu,
    keras.activations.gelu,
    keras.activations.silu,
    keras.activations.mish,
)


@dataclass(frozen=True, slots=True, eq=False)
class CandidateTable:
    """What is known of each candidate, one row for each.

    Attributes:
        means: Mean of each channel, in recorded deviations from the recorded one, (rows, channels).
        squares: Mean square of the same, (rows, channels).
        channels: Weight of each channel: every normalisation counts alike, (channels,).
        firing: Share of the positions in which each unit fires, (rows, units).
        units: Weight of each unit: every layer counts alike, (units,).
        shares: Probability of each class of each head, (rows, classes), 1 / classes where nothing
            is classified.
        entropy: Of these probabilities, as a share of the most there can be, (rows,).
    """

    means: FloatArray
    squares: FloatArray
    channels: FloatArray
    firing: FloatArray
    units: FloatArray
    shares: FloatArray
    entropy: FloatArray

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.entropy)

    def rows(self, chosen: IntArray) -> CandidateTable:
        """Return the table of some candidates."""
        return self._with(lambda values: values[chosen])

    def beside(self, other: CandidateTable) -> CandidateTable:
        """Return the table of these candidates and others of the same model."""
        return CandidateTable(
            **{
                name: getattr(self, name)
                if name in _OF_MODEL
                else np.concatenate([getattr(self, name), getattr(other, name)])
                for name in self.__dataclass_fields__
            }
        )

    def _with(self, change: Any) -> CandidateTable:
        return CandidateTable(
            **{
                name: getattr(self, name) if name in _OF_MODEL else change(getattr(self, name))
                for name in self.__dataclass_fields__
            }
        )


_OF_MODEL = ("channels", "units")


def tabulate(model: Model, inputs: Mapping[Tensor, Any]) -> CandidateTable:
    """Run a model over candidates, chunk by chunk, and return what a weighing needs.

    Args:
        model: The model.
        inputs: Values of every input.

    Cost: one forward pass. Memory: the tensors of one chunk, and at most 4,096 columns.
    """
    graph = model.graph
    watched = [call for call in graph.calls if is_norm(call)]
    firing = [call for call in graph.calls if _is_unrecorded_rectifier(graph, call)]
    picks = {
        **_spread_out([(call, _width_read(call)) for call in watched]),
        **_spread_out([(call, _width_made(call)) for call in firing]),
    }
    parts = [_rows(model, chunk, picks) for chunk in chunked(graph, inputs).chunks]
    means, squares, fires, shares, entropy = (
        np.concatenate([each[at] for each in parts]) for at in range(5)
    )
    return CandidateTable(
        means,
        squares,
        _weights([len(picks[call]) for call in watched]),
        fires,
        _weights([len(picks[call]) for call in firing]),
        shares,
        entropy,
    )


def _is_unrecorded_rectifier(graph: Graph, call: Call) -> bool:
    """Whether a call rectifies what a layer with a kernel makes, with no normalisation between."""
    known = activation_of(call.operation)
    function = getattr(known, "function", None)
    function = getattr(call.operation, "activation", function) if function is None else function
    if function not in _RECTIFIED:
        return False
    if is_linear(call.operation):
        return not any(map(is_norm, graph.readers(call.outputs[0])))
    producer = graph.producer(call.inputs[0]) if call.inputs else None
    return producer is not None and is_linear(producer.operation)


def _width_read(call: Call) -> int:
    axis = norm_axis(call.operation)
    return int(call.inputs[0].shape[axis - 1 if axis > 0 else axis] or 1)


def _width_made(call: Call) -> int:
    return int(call.outputs[0].shape[-1] or 1) if call.outputs[0].shape else 1


def _spread_out(calls: Sequence[tuple[Call, int]]) -> dict[Call, IntArray]:
    """Return the channels of each call that are looked at: all, or some of all evenly."""
    whole = sum(width for _, width in calls)
    share = min(1.0, _COLUMNS / max(1, whole))
    return {
        call: np.unique(np.linspace(0, width - 1, max(1, round(share * width))).astype(np.int64))
        for call, width in calls
    }


def _weights(counts: Sequence[int]) -> FloatArray:
    """Return the weight of each column, where each of several layers counts alike."""
    if not counts:
        return np.empty(0, np.float32)
    return np.concatenate([np.full(count, 1 / count / len(counts), np.float32) for count in counts])


def _rows(
    model: Model, chunk: Mapping[Tensor, Any], picks: Mapping[Call, IntArray]
) -> tuple[FloatArray, ...]:
    count = len(next(iter(chunk.values())))
    wave = Wave(model, [chunk])
    means, squares, firing = ([np.empty((count, 0), np.float32)] for _ in range(3))
    heads = classifying(model.graph)
    answers = []
    for call in model.graph.calls:
        if call in picks and is_norm(call):
            mean, square = _moments(call, wave.values[call.inputs[0]][0], picks[call])
            means.append(mean)
            squares.append(square)
        if call in heads:
            answers.append((call, wave.final(call)[0]))
        wave.advance()
        if call in picks and not is_norm(call):
            values = wave.values.get(call.outputs[0])
            if values is not None:
                firing.append(_rate(values[0], picks[call]))
            else:
                firing.append(np.zeros((count, len(picks[call])), np.float32))
    found = (np.concatenate(each, axis=1) for each in (means, squares, firing))
    return (*found, *_answers(count, answers))


def _moments(norm: Call, values: Any, picked: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and mean square of each channel in recorded units, shapes (samples, channels)."""
    axis = norm_axis(norm.operation) % len(values.shape)
    values = _picked(tf.cast(values, tf.float32), picked, axis)
    mean, deviation = recorded(norm.operation)
    deviation = np.sqrt(deviation**2 + norm.operation.epsilon)
    centre, scale = (each[picked].astype(np.float32) for each in (mean, deviation))
    shape = [1] * len(values.shape)
    shape[axis] = -1
    squares = tf.math.squared_difference(values, centre.reshape(shape))
    others = [each for each in range(1, len(values.shape)) if each != axis]
    if others:
        values, squares = tf.reduce_mean(values, others), tf.reduce_mean(squares, others)
    return (values_of(values) - centre) / scale, values_of(squares) / scale**2


def _picked(values: Any, picked: IntArray, axis: int) -> Any:
    """Return the picked channels; of all, no copy, which takes longer than to read them."""
    return values if len(picked) == values.shape[axis] else tf.gather(values, picked, axis=axis)


def _rate(values: Any, picked: IntArray) -> FloatArray:
    fires = tf.cast(_picked(values, picked, -1) > 0, tf.float32)
    others = list(range(1, len(values.shape) - 1))
    rate: FloatArray = values_of(tf.reduce_mean(fires, others) if others else fires)
    return rate


def _answers(count: int, answers: Sequence[tuple[Call, Any]]) -> tuple[FloatArray, FloatArray]:
    """Return probabilities and entropies; without any heads nothing that could tell apart."""
    if not answers:
        return np.ones((count, 1), np.float32), np.zeros(count, np.float32)
    found = [class_shares(call, logits) for call, logits in answers]
    shares = np.concatenate([each for each, _ in found], axis=1) / len(found)
    entropy = np.mean([each for _, each in found], axis=0)
    return shares.astype(np.float32), entropy.astype(np.float32)
