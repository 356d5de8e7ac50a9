"""Latency of two models, measured side by side.

Clocks of shared machines drift and stutter. So the models take turns, what counts is the ratio of
neighbouring turns, and of those the median; the quartiles say how far it can be trusted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.exporting.serving import serving_function
from pytest_paoding.engine.guard import without_warnings
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.evaluation.attacks.legal_range import Interval
    from pytest_paoding.engine.execution.signature import Signature
    from pytest_paoding.engine.ports import Port

BATCH = 32
"""Samples of a batch."""
_TURNS, _LEAST_TURNS = 60, 7
_SECONDS = 2.0  # for all turns of one size, unless the least number of turns takes longer
_WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Turns:
    """Seconds of each turn of two models, shape (turns,)."""

    before: Any
    after: Any

    @property
    def ratio(self) -> tuple[float, float, float]:
        """First quartile, median and third quartile of the ratio of neighbouring turns."""
        low, middle, high = np.quantile(self.after / self.before, (0.25, 0.5, 0.75))
        return float(low), float(middle), float(high)


@without_warnings()
def latency_metrics(
    models: tuple[Any, Any],
    signature: Signature,
    ranges: Sequence[Interval | None],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Measurement]:
    """Return latency_ratio of one sample, and batch_latency_ratio of a batch of 32.

    Before and after are milliseconds, the ratio is after / before. Takes a few seconds.

    Args:
        models: The original model and the pruned one.
        signature: Inputs of both.
        ranges: Low and high of each floating-point input; None for others.
        clock: Gives the time in seconds.
    """
    functions = [serving_function(model).get_concrete_function() for model in models]
    generator = np.random.default_rng(0)
    found = {}
    for name, count in (("latency_ratio", 1), ("batch_latency_ratio", BATCH)):
        inputs = [
            _drawn(port, interval, count, generator)
            for port, interval in zip(signature.inputs, ranges, strict=True)
        ]
        runs = [_run(function, inputs) for function in functions]
        found[name] = _measured(take_turns(runs[0], runs[1], clock), count)
    return found


def take_turns(
    first: Callable[[], object], second: Callable[[], object], clock: Callable[[], float]
) -> Turns:
    """Run two functions in turns, either one first every other time, and time each run."""
    for _ in range(_WARM_UP):
        first()
        second()
    taken: tuple[list[float], list[float]] = ([], [])
    pair = (0, first), (1, second)
    begin = clock()
    while len(taken[0]) < _LEAST_TURNS or (len(taken[0]) < _TURNS and clock() - begin < _SECONDS):
        for place, function in pair if len(taken[0]) % 2 else pair[::-1]:
            started = clock()
            function()
            taken[place].append(clock() - started)
    return Turns(np.array(taken[0]), np.array(taken[1]))


def _measured(turns: Turns, count: int) -> Measurement:
    low, middle, high = turns.ratio
    samples = "one sample" if count == 1 else f"{count} samples"
    return Measurement(
        1000 * float(np.median(turns.before)),
        1000 * float(np.median(turns.after)),
        middle,
        detail=f"{samples}, {len(turns.before)} turns, quartiles {low:.2f} to {high:.2f}",
    )


def _run(function: Callable[..., Any], inputs: Sequence[Any]) -> Callable[[], object]:
    def run() -> object:
        return [each.numpy() for each in function(*inputs).values()]  # waits for the outcome

    return run


def _drawn(
    port: Port, interval: Interval | None, count: int, generator: np.random.Generator
) -> Any:
    shape = (count, *(length or 1 for length in port.shape))
    if interval is None:
        return tf.zeros(shape, port.dtype)
    low, high = (float(np.nan_to_num(end, posinf=1.0, neginf=-1.0)) for end in interval)
    return tf.constant(generator.uniform(low, high, shape), port.dtype)
