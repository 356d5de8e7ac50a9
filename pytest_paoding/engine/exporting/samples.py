"""The inputs that full integer quantization measures activations on."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.exporting.serving import Keys
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.inputs import given
from pytest_paoding.engine.inputs.open_lengths import settled_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from typing_extensions import Unpack

    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.records.protocol import AboutInputs

MOST = 256
"""Number of inputs; more of them hardly change the ranges that are found."""
_LEAST, _VALUES = 16, 1 << 26  # fewer are drawn where they are large
_TOGETHER = 8


@dataclass(frozen=True, slots=True)
class Samples:
    """Inputs by the names of the serving function, and where they come from.

    Attributes:
        arrays: One array for each input, shape (samples, ...).
        origin: Their origin in words, for reports.
    """

    arrays: Mapping[str, Any]
    origin: str

    def batches(self, size: int | None) -> Iterator[dict[str, Any]]:
        """Yield some samples at a time.

        Args:
            size: How many; None for as many as is fast.
        """
        size = size or _TOGETHER
        count = len(next(iter(self.arrays.values())))
        for start in range(0, count, size):
            yield {name: each[start : start + size] for name, each in self.arrays.items()}


def samples_for(
    model: Any, *, calibration: Any = None, seed: int = 0, **inputs: Unpack[AboutInputs]
) -> Samples:
    """Return inputs a user gave, or synthetic ones.

    Those are drawn as for the strategy `reconstruct`, but every second one is uniform noise: what
    keeps to the middle of its range would have real inputs clipped.

    Args:
        model: The model that is quantized.
        calibration: Inputs without labels, of which at most 256 are taken, evenly; or None.
        seed: Seed of the synthetic inputs.
        **inputs: `input_range`, `input_kind` and `input_shape`, as for a pruning.

    Raises:
        DataError: `calibration` does not fit the model.
        PruningError: The range does not.
    """
    if calibration is None:
        sources, _ = settled_sources(model, **inputs)
        graph = sources.graph
        values = sum(prod(size or 1 for size in tensor.shape) for tensor in graph.inputs)
        count = min(MOST, max(_LEAST, _VALUES // values))
        draw = Draw(count, 0, np.random.default_rng(seed))
        arrays = _synthetic(sources, draw)
        return Samples(_named(model, graph, arrays), f"{count} synthetic inputs")
    graph = read_graph(model)
    chunks = given(graph, calibration).chunks
    whole = {tensor: np.concatenate([part[tensor] for part in chunks]) for tensor in graph.inputs}
    count = len(whole[graph.inputs[0]])
    some = {tensor: each[:: -(-count // MOST)] for tensor, each in whole.items()}
    taken = len(some[graph.inputs[0]])
    return Samples(_named(model, graph, some), f"{taken} inputs given as calibration")


def _synthetic(sources: InputSources, draw: Draw) -> dict[Tensor, Any]:
    arrays = drawn(sources, draw)
    for tensor, values in arrays.items():
        if sources[tensor].numeric:
            low, high = sources[tensor].ends
            noise = values[::2]
            noise[...] = low + (high - low) * draw.generator.random(noise.shape)
    return arrays


def _named(model: Any, graph: Graph, arrays: Mapping[Tensor, Any]) -> dict[str, Any]:
    keys = Keys.of(signature_of(model)).inputs
    return {key: arrays[tensor] for key, tensor in zip(keys, graph.inputs, strict=True)}
