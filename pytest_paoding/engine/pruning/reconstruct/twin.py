"""The calibrated twin: a model that has its recorded statistics on synthetic inputs too.

A BatchNormalization has recorded the mean and deviation of its inputs in training. Where those of
synthetic inputs differ, an affine map of each channel in front of it restores them exactly: the
layers behind it then read activations of the size and balance of real ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.linear import activation_of, is_linear
from pytest_paoding.engine.execution.normalisation import along_channels, norm_axis, recorded
from pytest_paoding.engine.graph.norms import is_norm

if TYPE_CHECKING:
    from pytest_paoding.engine.execution.wave import Hook, Wave
    from pytest_paoding.engine.graph.trace import Call, Graph
    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.engine.pruning.reconstruct.moments import Matrix

_LEAST, _MOST = 0.2, 5.0  # limits of a map's factor
_STEPS = 25  # steps of the search for a map in front of a ReLU
_ROWS = 6000  # samples in that search


def calibrate(wave: Wave) -> None:
    """Run a wave to its end, and give its model the maps that make it a twin.

    Each normalisation is calibrated after those before it. If it alone reads a ReLU, its map is put
    in front of that ReLU, so that it still reads a ReLU's output.
    """
    graph = wave.model.graph
    behind = _norms_behind_relu(graph)
    for call in graph.calls:
        before = None
        if call in behind:
            norm = behind[call]
            before = wave.before(call) if is_linear(call.operation) else None
            read = before or wave.values[call.inputs[0]]
            found = _in_front_of_relu(_channels(norm, read), *recorded(norm.operation))
            wave.model.hooks[call] = _map(norm, *found)
        elif is_norm(call) and call not in behind.values():
            channels = _channels(call, wave.values[call.inputs[0]])
            wave.model.hooks[call] = _map(call, *_direct(channels, *recorded(call.operation)))
        wave.advance(before)


def _norms_behind_relu(graph: Graph) -> dict[Call, Call]:
    """Return the normalisation behind each ReLU that feeds nothing else."""
    found = {}
    for norm in filter(is_norm, graph.calls):
        tensor = norm.inputs[0]
        producer = graph.producer(tensor)
        if producer is not None and _is_relu(producer) and graph.readers(tensor) == (norm,):
            found[producer] = norm
    return found


def _is_relu(call: Call) -> bool:
    known = activation_of(call.operation)
    return known is not None and known.function is keras.activations.relu


def _channels(norm: Call, chunks: list[Any]) -> list[FloatArray]:
    """Return chunks as samples of a normalisation's channels, shape (samples, channels)."""
    axis = norm_axis(norm.operation)
    rows = (np.moveaxis(np.asarray(chunk), axis, -1) for chunk in chunks)
    return [each.reshape(-1, each.shape[-1]) for each in rows]


def _direct(chunks: list[FloatArray], mean: Matrix, deviation: Matrix) -> tuple[Matrix, Matrix]:
    """Return the factor and shift that give channels their recorded mean and deviation.

    Memory: one chunk in float64.
    """
    count = sum(map(len, chunks))
    present = sum(each.sum(axis=0, dtype=np.float64) for each in chunks) / count
    squares = sum(np.square(each - present).sum(axis=0) for each in chunks)
    spread = np.sqrt(squares / count)
    factor = np.clip(deviation / (spread + 1e-6), _LEAST, _MOST)
    return factor, mean - factor * present


def _in_front_of_relu(
    chunks: list[FloatArray], mean: Matrix, deviation: Matrix
) -> tuple[Matrix, Matrix]:
    """Return the factor and shift before a ReLU that give its output a mean and deviation."""
    values = _some(chunks).astype(np.float64)
    factor, shift = np.ones(values.shape[1]), np.zeros(values.shape[1])
    reach = 4 * (values.std(axis=0) + 1e-6)
    for _ in range(_STEPS):
        behind = np.maximum(factor * values + shift, 0)
        ratio = (deviation + 1e-4) / (behind.std(axis=0) + 1e-4)
        factor = np.clip(factor * np.clip(ratio, 0.7, 1.4), _LEAST, _MOST)
        missing = mean - np.maximum(factor * values + shift, 0).mean(axis=0)
        shift = np.clip(shift + 0.7 * missing, -reach * factor, reach * factor)
    return factor, shift


def _some(chunks: list[FloatArray]) -> FloatArray:
    """Return every so manieth row of all chunks, about 6,000 to 12,000 where there are as many."""
    starts = np.cumsum([0, *map(len, chunks)])
    step = max(1, int(starts[-1]) // _ROWS)
    return np.concatenate(
        [each[-start % step :: step] for each, start in zip(chunks, starts[:-1], strict=True)]
    )


def _map(norm: Call, factor: Matrix, shift: Matrix) -> Hook:
    rank = len(norm.inputs[0].shape) + 1
    scale, offset = (
        along_channels(norm.operation, each.astype(np.float32), rank) for each in (factor, shift)
    )
    return lambda values: values * scale + offset
