"""Projected gradient descent from random starts.

Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", 2018, section 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.attacks.library import foolbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.evaluation.attacks.box import UnitBox

_REACH = 2.5
"""The way that all steps together could go, in epsilons: a fixed step size would with few steps
come less far than FGSM."""


@dataclass(frozen=True, slots=True)
class ProjectedGradient:
    """Steps of the size 2.5 epsilon / steps along the gradient's signs, kept within epsilon.

    Attributes:
        steps: Number of steps.
        restarts: Number of random starts; each goes on with the samples not fooled before.
    """

    steps: int
    restarts: int = 1
    differentiates: bool = True
    nearest: bool = False

    def __call__(self, box: UnitBox, epsilon: float) -> Any:
        """Return values in the box, of its shape; `epsilon` is in the box's unit."""
        if not box.target.decides:
            return self._highest(box, epsilon)
        found = box.values.copy()
        left = np.arange(len(found))
        for _ in range(self.restarts):
            part = box.only(left)
            found[left] = self._descend(part, epsilon)
            left = left[part.right(found[left])]
            if not left.size:
                break
        return found

    def _highest(self, box: UnitBox, epsilon: float) -> Any:
        """Return, of several starts, the values at which the loss of each sample is highest."""
        found = self._descend(box, epsilon)
        for _ in range(1, self.restarts):
            other = self._descend(box, epsilon)
            higher = box.losses(other) > box.losses(found)
            found = np.where(higher[:, None], other, found)
        return found

    def _descend(self, box: UnitBox, epsilon: float) -> Any:
        descent = _Descent(
            box.slope,
            box.target.generator,
            steps=self.steps,
            rel_stepsize=_REACH / self.steps,
        )
        model = foolbox.models.NumPyModel(_unasked, bounds=(0, 1))
        return descent.run(model, box.values, np.zeros(len(box.values), int), epsilon=epsilon)


class _Descent(foolbox.attacks.LinfProjectedGradientDescentAttack):  # type: ignore[misc]  # untyped
    """The loop of foolbox, with gradients of our own and private random starts."""

    def __init__(
        self, gradient: Callable[[Any], Any], generator: np.random.Generator, **options: Any
    ) -> None:
        super().__init__(**options)
        self._gradient = gradient
        self._generator = generator

    def get_random_start(self, x0: Any, epsilon: float) -> Any:
        """Return a start within epsilon, uniform in every value."""
        return x0 + self._generator.uniform(-epsilon, epsilon, x0.shape).astype(x0.raw.dtype)

    def value_and_grad(self, loss_fn: Any, x: Any) -> tuple[Any, Any]:  # noqa: ARG002 - foolbox's
        """Return the gradient of the losses, summed over the outputs."""
        return None, type(x)(self._gradient(x.raw))


def _unasked(values: Any) -> Any:
    raise NotImplementedError
