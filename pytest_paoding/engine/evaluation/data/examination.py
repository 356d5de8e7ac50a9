"""The first look at the data for judging: whether they are what the model is taken to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.data.judged_inputs import sound_blocks
from pytest_paoding.engine.evaluation.data.judging_data import with_truths
from pytest_paoding.engine.evaluation.data.sources import NO_SAMPLES, is_held, peeked
from pytest_paoding.engine.evaluation.tasks.judged_tasks import JudgedTasks
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typing_extensions import Unpack

    from pytest_paoding.engine.inputs.input_sources import InputSource, InputSources
    from pytest_paoding.engine.ports import Port
    from pytest_paoding.records.protocol import AboutInputs, TaskNames

_SAMPLES = 512  # of arrays that are looked at
_RARE = 0.01  # share of values at either end that are no evidence
_BEYOND = 0.5  # share of a range by which values may lie outside of it
_NARROW = 0.01  # share of a range that values have to fill
_STANDARD = (0.001, 0.3, 3.0)  # of values standardised before: share, and deviations they have


@dataclass(frozen=True, slots=True)
class Examination:
    """What a first look at the data finds.

    Attributes:
        data: The data, to be read from the beginning.
        shapes: Shapes of the first inputs by name, where the model leaves lengths open.
    """

    data: Any
    shapes: Mapping[str, tuple[int, ...]]


def examine(
    model: Any, data: Any, task: TaskNames | None = None, **about: Unpack[AboutInputs]
) -> Examination:
    """Look at the first batch of the data, and its labels, before any work is done.

    Of arrays it is all samples that have to fit and to be finite, and the first whose range is
    looked at. Data that can be read only once are handed back whole.

    Args:
        model: The model, Sequential or Functional.
        data: The data for judging, as for `evaluate`.
        task: What the user says of the outputs.
        **about: What the user says of the inputs.

    Raises:
        DataError: The values do not fit, are not finite or contradict the range of an input, or
            labels do not fit.
        EvaluationError: A task does not fit its output.
        PruningError: What the user says of the inputs makes no sense.
    """
    (x, y, weights), again = peeked(data)
    signature, graph = signature_of(model), read_graph(model)
    sources = sources_of(graph, about.get("input_range"), about.get("input_kind"))
    inputs = _first_samples(x, signature.inputs, sources, most=_SAMPLES if is_held(data) else None)
    if is_held(data) and not len(inputs[0]):
        raise DataError(NO_SAMPLES)
    for source, values in zip(sources, inputs, strict=True):
        if (found := _contradiction(source, values)) is not None:
            raise DataError(found)
    with_truths(x, y, weights, signature, JudgedTasks.of_model(model, graph, task))
    shapes = {
        source.name: tuple(values.shape[1:])
        for source, values in zip(sources, inputs, strict=True)
        if None in source.tensor.shape
    }
    return Examination(again, shapes)


def _first_samples(
    x: Any, ports: Sequence[Port], sources: InputSources, most: int | None
) -> list[Any]:
    """Return the first samples of every input, after all were looked at.

    Raises:
        DataError: A sample does not fit, is not finite, or is none that is known.
    """
    first: list[list[Any]] = [[] for _ in ports]
    held = 0
    for block in sound_blocks(x, ports):
        for source, values, kept in zip(sources, block, first, strict=True):
            if (found := _unknown(source, values)) is not None:
                raise DataError(found)
            if most is None or held < most:
                kept.append(values[: None if most is None else most - held])
        held += len(block[0])
    return [np.concatenate(each) for each in first]


def _unknown(source: InputSource, values: Any) -> str | None:
    """Return in one line which values are looked up and not known; None if all are."""
    if values.dtype.kind not in "iuf" or source.known is None:
        return None
    unknown = source.known.contradiction(values)
    if unknown is None:
        return None
    place, known = unknown
    return f"{_found(source, float(values[place].min()), float(values[place].max()))} where {known}"


def _contradiction(source: InputSource, values: Any) -> str | None:
    """Return in one line how known values contradict the range of an input; None if they do not.

    Args:
        source: The input.
        values: Some of its values.
    """
    if values.dtype.kind not in "iuf" or not values.size:
        return None
    least, most = float(values.min()), float(values.max())
    low, high = source.scale.ends
    if source.vocabulary is not None or not _contradicts(values, source):
        return None
    span = f"[{low:g}, {high:g}]"
    if source.given:
        return f"{_found(source, least, most)} where input_range is {span}: set the one that holds"
    if source.scale.why:
        told = f"{source.scale.why!r} tells {span}"
        return f"{_found(source, least, most)} where {told}: scale them, or set input_range"
    told = f"{span} is assumed, as no layer tells"
    return f"{_found(source, least, most)} where {told}: set input_range"


def _found(source: InputSource, least: float, most: float) -> str:
    return f"the data of input {source.name!r} run from {least:g} to {most:g}"


def _contradicts(values: Any, source: InputSource) -> bool:
    """Whether values lie far beyond a range, position by position, or fill hardly any of it."""
    low, high = (np.asarray(each, np.float64) for each in source.ends)
    width = high - low
    exact = values.astype(np.float64)
    axes = tuple(range(exact.ndim - low.ndim)) if low.ndim else None
    least, most = np.quantile(exact, (_RARE, 1 - _RARE), axis=axes)
    if ((least < low - _BEYOND * width) | (most > high + _BEYOND * width)).any():
        return True
    extent = exact.max(axis=axes) - exact.min(axis=axes)
    if source.scale.typical:
        return _standardised(exact, extent / width, axes)
    return bool(((extent > 0) & (extent < _NARROW * width)).all())


def _standardised(values: Any, share: Any, axes: tuple[int, ...] | None) -> bool:
    """Whether values at some position have about the mean 0 and the deviation 1 by themselves.

    A layer that standardises them again, from a far wider range, would make all of them alike.
    """
    most, least, largest = _STANDARD
    deviation = values.std(axis=axes)
    near = (deviation > least) & (deviation < largest) & (np.abs(values.mean(axis=axes)) < largest)
    return bool((near & (share < most)).any())
