"""Unlabelled inputs to run a model on: synthetic ones, or those that a user gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.held_values import held_values
from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.ports import fitted, listed
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.engine.inputs.screen import Screen
    from pytest_paoding.engine.ports import Port

_IMAGES, _VECTORS = 1024, 8192  # synthetic inputs of either kind
_LARGE = ("picture", "video", "volume", "audio")
_OF_STEPS = ("video", "audio")
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

    def plain(self) -> dict[Tensor, Any]:
        """Return the values of every input that do not run the twin."""
        return _joined(self._of(twin=False))

    @property
    def sizes(self) -> list[int]:
        """Number of inputs of the twin, and of the plain model, as far as there are some."""
        kinds = (self._of(twin=twin) for twin in (True, False))
        return [sum(map(_length, chunks)) for chunks in kinds if chunks]

    def heads(self, count: int) -> Inputs:
        """Return the chunks of about `count` inputs of the twin, and of the plain model."""
        size = max(1, self.count // len(self.chunks))
        return self._some(lambda chunks: chunks[: max(1, count // size)])

    def every(self, step: int) -> Inputs:
        """Return one input out of `step`, the first one included, in chunks as before."""
        starts = np.cumsum([0, *map(_length, self.chunks)])
        parts = [
            ({tensor: values[-start % step :: step] for tensor, values in chunk.items()}, twin)
            for chunk, twin, start in zip(self.chunks, self.twins, starts.tolist(), strict=False)
        ]
        chunks, twins = zip(*(each for each in parts if _length(each[0])), strict=True)
        return replace(self, chunks=chunks, twins=twins, count=sum(map(_length, chunks)))

    def first(self, count: int) -> Inputs:
        """Return the first `count` inputs of the twin, and of the plain model, in a chunk each."""
        return self._some(lambda chunks: [_joined(chunks[:count], count)])

    def _some(self, choose: Callable[[list[dict[Tensor, Any]]], list[dict[Tensor, Any]]]) -> Inputs:
        """Return what is chosen from the chunks of the twin, and from those of the plain model."""
        kinds = [(kind, self._of(twin=kind)) for kind in (True, False)]
        chosen = [(each, kind) for kind, chunks in kinds if chunks for each in choose(chunks)]
        chunks, twins = zip(*chosen, strict=True)
        return replace(self, chunks=chunks, twins=twins, count=sum(map(_length, chunks)))

    def _of(self, *, twin: bool) -> list[dict[Tensor, Any]]:
        return [each for each, kind in zip(self.chunks, self.twins, strict=True) if kind is twin]


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

    Of sequences, every step of which is a sample, and of videos, no more than 2e11 multiplications
    allow, and 8 at least.
    """
    graph = sources.graph
    found = max(32, _MEMORY // (4 * _LIVE * _largest(graph)))
    if not any(source.kind in _OF_STEPS or source.is_sequence for source in sources):
        return found
    return min(found, max(_LEAST, int(_WORK // max(1, multiplications(graph)))))


def most_followed(graph: Graph) -> int:
    """Return how many inputs a pass may keep all tensors of, for a gradient; 8 at least."""
    inputs = sum(map(_numbers, graph.inputs))
    return max(8, _MEMORY // (4 * (inputs + sum(map(held_values, graph.calls)))))


def given(graph: Graph, calibration: Any, screen: Screen | None = None) -> Inputs:
    """Take a user's unlabelled inputs: an array, or one for each input in a list or by its name.

    Args:
        graph: The model's graph.
        calibration: The inputs.
        screen: Leaves some of them out, if given.

    Raises:
        DataError: They do not fit the model's inputs, are empty or not finite.
        ExecutionError: The screen leaves most of them out.
    """
    ports = signature_of(graph.model).inputs
    arrays = {
        tensor: _checked(port.name, tensor, values)
        for port, tensor, values in zip(
            ports, graph.inputs, _in_order(calibration, ports), strict=True
        )
    }
    counts = {len(each) for each in arrays.values()}
    if len(counts) > 1:
        raise DataError(f"calibration has inputs of different lengths: {sorted(counts)}")
    step = -(-counts.pop() // _GIVEN)
    looked_at = {tensor: each[::step] for tensor, each in arrays.items()}
    passed = looked_at if screen is None else screen.passed(looked_at)
    return chunked(graph, passed, typical=True)


def lengths_of(model: Any, calibration: Any) -> dict[str, tuple[int, ...]]:
    """Return shapes of the inputs whose lengths a model leaves open, as a user's inputs have them.

    Args:
        model: A Sequential or Functional model.
        calibration: As for `given`. What does not fit is left out.
    """
    ports = signature_of(model).inputs
    found = {}
    for port, values in zip(ports, _in_order(calibration, ports), strict=True):
        array = fitted(np.asarray(values), port.shape) if None in port.shape else None
        if array is not None and array.size:
            found[port.name] = array.shape[1:]
    return found


def _in_order(calibration: Any, ports: Sequence[Port]) -> list[Any]:
    """Return the array of each input."""
    if isinstance(calibration, Mapping):
        return [_of_port(calibration, port) for port in ports]
    several = len(ports) > 1 or isinstance(calibration, (list, tuple))
    arrays = list(calibration) if several else [calibration]
    if len(arrays) != len(ports):
        raise DataError(f"calibration has {len(arrays)} arrays for the inputs {listed(ports)}")
    return arrays


def _of_port(calibration: Mapping[str, Any], port: Port) -> Any:
    name = next((name for name in port.names if name in calibration), None)
    if name is None:
        raise DataError(f"calibration lacks the input {port.name!r}")
    return calibration[name]


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


def _joined(chunks: Sequence[dict[Tensor, Any]], count: int | None = None) -> dict[Tensor, Any]:
    """Return the first inputs of some chunks, all by default, as one chunk."""
    return {
        tensor: np.concatenate([each[tensor] for each in chunks])[:count] for tensor in chunks[0]
    }


def _length(chunk: Mapping[Tensor, Any]) -> int:
    return len(next(iter(chunk.values())))


def _numbers(tensor: Tensor) -> int:
    """Return how many numbers a tensor holds for one input."""
    return prod(size or 1 for size in tensor.shape)


def _largest(graph: Graph) -> int:
    return max(*map(_numbers, graph.inputs), *map(held_values, graph.calls))


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
