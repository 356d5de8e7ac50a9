"""Unlabelled inputs to run a model on: synthetic ones, or those that a user gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_ranges import input_names
from pytest_paoding.engine.keras_io.shapes import fitted
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.inputs.input_sources import InputSources

_IMAGES, _VECTORS = 1024, 8192  # synthetic inputs of either kind
_LARGE = ("picture", "video", "volume", "audio")
_UNRECORDED = 2  # times as many images where they are all that is known of a model's own
_GIVEN = 4096  # most inputs of a user that are looked at
_LIVE = 4  # tensors of the largest size that a wave holds at a time, roughly
_MEMORY = 1 << 30  # bytes for them
_WORK, _LEAST = 2e11, 8  # multiplications of a wave of sequences; inputs at least
_CHUNK = 1 << 22  # numbers of the largest tensor in one chunk: 16 MB


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs in chunks.

    Attributes:
        chunks: Values of every input tensor, chunk by chunk.
        twins: Which chunks run the calibrated twin.
        count: Number of inputs.
        typical: Whether those that do not run the twin are like the model's own: given by a user,
            or found by an inversion.
        doubtful: Whether their means are not to be trusted, as is so where tokens or series are
            drawn: then nothing may move into a bias.
    """

    chunks: tuple[dict[Tensor, Any], ...]
    twins: tuple[bool, ...]
    count: int
    typical: bool = False
    doubtful: bool = False

    def beside(self, others: Inputs) -> Inputs:
        """Return these inputs and others of the same model."""
        chunks, twins = self.chunks + others.chunks, self.twins + others.twins
        return Inputs(chunks, twins, self.count + others.count, self.typical)

    def plain(self) -> dict[Tensor, Any]:
        """Return the values of every input that do not run the twin."""
        chunks = [chunk for chunk, twin in zip(self.chunks, self.twins, strict=True) if not twin]
        return {tensor: np.concatenate([each[tensor] for each in chunks]) for tensor in chunks[0]}

    def heads(self, count: int) -> list[list[int]]:
        """Return the chunks of about `count` inputs of the twin, and of the plain model."""
        kinds = [[i for i, twin in enumerate(self.twins) if twin is kind] for kind in (True, False)]
        size = max(1, self.count // len(self.chunks))
        return [each[: max(1, count // size)] for each in kinds if each]


def synthetic(sources: InputSources, generator: np.random.Generator, *, recorded: bool) -> Inputs:
    """Draw inputs by what they are alone.

    Args:
        sources: The model's inputs.
        generator: The random generator.
        recorded: Whether the model has recorded statistics: half of the inputs then run its twin;
            without, half of them go beyond the range.
    """
    count = _count(sources, recorded=recorded)
    draw = Draw(count, 0 if recorded else count // 2, generator)
    return chunked(sources.graph, drawn(sources, draw), twins=0.5 if recorded else 0.0)


def _count(sources: InputSources, *, recorded: bool) -> int:
    images = _IMAGES if recorded else _UNRECORDED * _IMAGES
    large = any(source.kind in _LARGE for source in sources)
    return min(images if large else _VECTORS, most_inputs(sources))


def most_inputs(sources: InputSources) -> int:
    """Return how many inputs a wave may carry within its memory, 32 at least.

    Of sequences, every step of which is a sample, no more than 2e11 multiplications allow, and 8 at
    least.
    """
    graph = sources.graph
    found = max(32, _MEMORY // (4 * _LIVE * _largest(graph)))
    if not any(source.kind == "audio" or source.is_sequence for source in sources):
        return found
    return min(found, max(_LEAST, int(_WORK // max(1, multiplications(graph)))))


def most_followed(graph: Graph) -> int:
    """Return how many inputs a pass may keep all tensors of, for a gradient; 8 at least."""
    return max(8, _MEMORY // (4 * sum(map(_numbers, graph.tensors))))


def given(graph: Graph, calibration: Any) -> Inputs:
    """Take a user's unlabelled inputs: an array, or one for each input in a list or by its name.

    Raises:
        DataError: They do not fit the model's inputs, are empty or not finite.
    """
    names = input_names(graph.model)
    if isinstance(calibration, Mapping):
        missing = [name for name in names if name not in calibration]
        if missing:
            raise DataError(f"calibration lacks the input {missing[0]!r}")
        calibration = [calibration[name] for name in names]
    elif len(names) == 1 and not isinstance(calibration, (list, tuple)):
        calibration = [calibration]
    arrays = {}
    for name, tensor, values in zip(names, graph.inputs, _matched(calibration, names), strict=True):
        arrays[tensor] = _checked(name, tensor, values)
    counts = {len(each) for each in arrays.values()}
    if len(counts) > 1:
        raise DataError(f"calibration has inputs of different lengths: {sorted(counts)}")
    step = -(-counts.pop() // _GIVEN)
    looked_at = {tensor: each[::step] for tensor, each in arrays.items()}
    return chunked(graph, looked_at, typical=True)


def _matched(calibration: Any, names: Sequence[str]) -> Any:
    if len(calibration) != len(names):
        raise DataError(f"calibration has {len(calibration)} arrays for the inputs {names}")
    return calibration


def _checked(name: str, tensor: Tensor, values: Any) -> Any:
    try:
        array = np.asarray(values)
        array = array if tensor.dtype == "string" else array.astype(tensor.dtype)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"calibration for input {name!r} is no array of numbers: {error}"
        ) from error
    found = fitted(array, tensor.shape)
    if found is None or not len(found):
        raise DataError(
            f"calibration for input {name!r} has the shape {array.shape}, the model reads "
            f"(samples, {', '.join(map(str, tensor.shape))})"
        )
    if tensor.dtype != "string" and not np.isfinite(found).all():
        raise DataError(f"calibration for input {name!r} is not finite")
    return found


def _numbers(tensor: Tensor) -> int:
    """Return how many numbers a tensor holds for one input."""
    return prod(size or 1 for size in tensor.shape)


def _largest(graph: Graph) -> int:
    return max(map(_numbers, graph.tensors))


def chunked(
    graph: Graph, arrays: Mapping[Tensor, Any], *, twins: float = 0.0, typical: bool = False
) -> Inputs:
    """Return inputs in chunks whose largest tensor is of bounded size.

    Args:
        graph: The model's graph.
        arrays: Values of every input.
        twins: Share of them that runs the twin, the first ones.
        typical: Whether they are like the model's own.
    """
    count = len(next(iter(arrays.values())))
    most = ceil(count * twins) or count
    size = int(np.clip(_CHUNK // _largest(graph), 1, min(most, 1024)))
    chunks = tuple(
        {tensor: each[start : start + size] for tensor, each in arrays.items()}
        for start in range(0, count, size)
    )
    first = ceil(len(chunks) * twins)
    return Inputs(chunks, tuple(i < first for i in range(len(chunks))), count, typical)
