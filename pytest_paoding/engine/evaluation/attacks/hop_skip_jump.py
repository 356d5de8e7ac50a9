"""A black-box attack: it sees nothing but the class that a model predicts.

Chen, Jordan and Wainwright, "HopSkipJumpAttack: A Query-Efficient Decision-Based Attack", 2020. It
catches models whose gradients lead nowhere although they are easily fooled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.attacks.library import NumPyTensor, foolbox
from pytest_paoding.errors import EvaluationError

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.attacks.box import UnitBox
    from pytest_paoding.engine.graph.types import BoolArray

_QUERIES = 100
_LEAST_QUERIES = 10
_VALUES = 1 << 22
"""How many values the inputs of the queries of one step may have; foolbox keeps some copies."""
_STARTS = 50


@dataclass(frozen=True, slots=True)
class HopSkipJump:
    """Steps along the boundary between the true class and others, ever nearer to the sample.

    Attributes:
        steps: Number of steps; step s asks for 100 sqrt(s) classes per sample, fewer where inputs
            are large, and some more to stay at the boundary.
    """

    steps: int
    differentiates: bool = False
    nearest: bool = True

    def __call__(self, box: UnitBox, epsilon: float) -> Any:  # noqa: ARG002 - it looks for the least
        """Return values in the box, of its shape; those that no start was found for as they are."""
        found = box.values.copy()
        starts, fooled = _starts(box)
        rows = np.flatnonzero(fooled)
        most = int(min(_QUERIES * self.steps**0.5, _queries_that_fit(box)))
        together = max(1, _VALUES // (most * box.values.shape[1]))
        for first in range(0, len(rows), together):
            part = rows[first : first + together]
            found[part] = self._walk(box.only(part), starts[part], most)
        return found

    def _walk(self, box: UnitBox, starts: Any, most: int) -> Any:
        attack = foolbox.attacks.HopSkipJumpAttack(
            steps=self.steps,
            initial_gradient_eval_steps=min(_QUERIES, most),
            max_gradient_eval_steps=most,
            constraint="linf",
        )
        logits = np.eye(2, dtype=np.float32)
        model = foolbox.models.NumPyModel(
            lambda x: logits[(~box.right(x)).astype(int)], bounds=(0, 1)
        )
        truth = np.zeros(len(starts), np.int64)
        tensor = _private(box.target.generator)
        try:
            return attack.run(model, tensor(box.values), truth, starting_points=tensor(starts)).raw
        except (AssertionError, ValueError) as error:
            raise EvaluationError(
                f"hopskipjump cannot keep to the boundary of the {box.target.predictor.title} "
                f"model: it does not give the same class for the same input"
            ) from error


def _queries_that_fit(box: UnitBox) -> int:
    return max(_LEAST_QUERIES, _VALUES // int(box.values.shape[1]))


def _starts(box: UnitBox) -> tuple[Any, BoolArray]:
    """Return values that are not classified right for some samples, and for which.

    The other samples are tried first, then uniform noise.
    """
    values, generator = box.values, box.target.generator
    starts, fooled = values.copy(), np.zeros(len(values), bool)
    for attempt in range(2 * _STARTS):
        shuffled = values[generator.permutation(len(values))]
        tried = shuffled if attempt < _STARTS else generator.random(values.shape)
        tried = np.where(fooled[:, None], starts, tried).astype(values.dtype)
        starts = tried
        fooled = ~box.right(tried)
        if fooled.all():
            break
    return starts, fooled


def _private(generator: np.random.Generator) -> Any:
    """Return the kind of tensor that draws from a generator, not from NumPy's global state."""

    class SeededTensor(NumPyTensor):  # type: ignore[misc]  # eagerpy is not looked into
        __slots__ = ()

        def uniform(self, shape: Any, low: float = 0.0, high: float = 1.0) -> Any:
            """Return uniform noise."""
            return type(self)(generator.uniform(low, high, shape).astype(self.raw.dtype))

    return SeededTensor
