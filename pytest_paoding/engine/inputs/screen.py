"""The screen: inputs that a model makes no numbers of are kept out of a sample.

Operations such as a square root, a logarithm or a division are not defined everywhere. Inputs that
were drawn beyond their range on purpose are drawn again within it where they meet one; others are
left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.errors import ExecutionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import BoolArray, IntArray

    Arrays = Mapping[Tensor, Any]

_LARGEST = 1e18  # squares of larger values overflow
_MOST = 0.75  # share of a sample that may be left out
_TOGETHER = 256  # inputs that are run at a time


@dataclass(slots=True, eq=False)
class Screen:
    """Lets those inputs pass that a model makes numbers of, and counts the others.

    Attributes:
        graph: The model's graph.
        what: What the inputs are, in words.
        advice: What to do if most of them fail.
        seen: Number of inputs so far.
        left_out: Number of those that were left out.
        why: What happened to them, in words.
    """

    graph: Graph
    what: str
    advice: str
    seen: int = 0
    left_out: int = 0
    why: str = ""

    @property
    def note(self) -> str | None:
        """How many inputs were left out, and why; None if none were."""
        if not self.left_out:
            return None
        return f"{self.left_out} of {self.seen} {self.what} were left out: of them, {self.why}"

    def passed(
        self,
        arrays: Arrays,
        beyond: BoolArray | None = None,
        again: Callable[[int], Arrays] | None = None,
    ) -> dict[Tensor, Any]:
        """Return the inputs that the model makes numbers of.

        Args:
            arrays: Values of every input.
            beyond: Mask of the inputs that were drawn beyond their range; those are drawn again.
            again: Draws so many within the range.

        Cost: a pass of the model over all inputs.

        Raises:
            ExecutionError: Three quarters of those within the range fail.
        """
        found = dict(arrays)
        events: list[str] = []
        failed = self._failures(found, events)
        if beyond is not None and again is not None and (failed[beyond] >= 0).any():
            anew = np.flatnonzero(beyond & (failed >= 0))
            others = again(len(anew))
            found = {tensor: each.copy() for tensor, each in found.items()}
            for tensor, values in found.items():
                values[anew] = others[tensor]
            failed[anew] = self._failures(others, events)
            beyond = np.isin(np.arange(len(failed)), anew, invert=True) & beyond
        sound = failed < 0
        gone, legal = int(np.count_nonzero(~sound)), len(sound)
        legal -= 0 if beyond is None else int(np.count_nonzero(beyond))
        if gone:
            self.why = events[int(failed[~sound].min())]
        if gone > _MOST * legal:
            raise ExecutionError(f"{self.why}, from {gone} of {legal} {self.what}: {self.advice}")
        self.seen, self.left_out = self.seen + len(sound), self.left_out + gone
        return {tensor: each[sound] for tensor, each in found.items()} if gone else found

    def _failures(self, arrays: Arrays, events: list[str]) -> IntArray:
        """Return for every input which event it meets first, -1 for none; adds to the events."""
        model, found = Model(self.graph, WorkingWeights()), [np.empty(0, np.int64)]
        for start in range(0, len(next(iter(arrays.values()))), _TOGETHER):
            part = {each: values[start : start + _TOGETHER] for each, values in arrays.items()}
            found.append(_failures_of(model, part, events))
        return np.concatenate(found)


def _failures_of(model: Model, chunk: Arrays, events: list[str]) -> IntArray:
    wave = Wave(model, [chunk])
    failed: IntArray = np.full(wave.samples[0] or 0, -1, np.int64)
    for call in model.graph.calls:
        if getattr(call.operation, "weights", ()):
            read = [wave.values[tensor][0] for tensor in call.inputs]
            why = f"layer {call.name!r} reads values that are not finite, or whose squares are not"
            _mark(failed, read, lambda values: tf.abs(values) < _LARGEST, why, events)
        made = _made(wave, call)
        why = f"layer {call.name!r} makes values that are not numbers"
        _mark(failed, made, lambda values: ~tf.math.is_nan(values), why, events)
    return failed


def _made(wave: Wave, call: Call) -> list[Any]:
    """Run the next call of a wave; return what it makes, as far as anything reads it."""
    wave.advance()
    return [wave.values[tensor][0] for tensor in call.outputs if tensor in wave.values]


def _mark(
    failed: IntArray,
    tensors: Sequence[Any],
    is_sound: Callable[[Any], Any],
    why: str,
    events: list[str],
) -> None:
    """Mark the inputs that are not sound and were so far."""
    for values in tensors:
        if not values.dtype.is_floating or len(values) != len(failed):
            continue
        each = is_sound(tf.cast(values, tf.float32))
        sound = values_of(tf.reduce_all(each, axis=list(range(1, len(values.shape)))))
        news = ~sound & (failed < 0)
        if news.any():
            if why not in events:
                events.append(why)
            failed[news] = events.index(why)
