"""The fast minimum-norm attack: for each sample the least distance, so one run gives a curve.

Pintor, Roli, Brendel and Biggio, "Fast Minimum-norm Adversarial Attacks through Adaptive Norm
Constraints", 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.attacks.library import NumPyTensor, foolbox

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.attacks.box import UnitBox


@dataclass(frozen=True, slots=True)
class FastMinimumNorm:
    """Steps along the gradient of the true class's lead within a ball that shrinks once it falls.

    Attributes:
        steps: Number of steps.
    """

    steps: int
    differentiates: bool = True
    nearest: bool = True

    def __call__(self, box: UnitBox, epsilon: float) -> Any:  # noqa: ARG002 - it looks for the least
        """Return values in the box, of its shape."""
        leads = _Leads(box)
        model = foolbox.models.NumPyModel(leads, bounds=(0, 1))
        attack = foolbox.attacks.LInfFMNAttack(steps=self.steps)
        truth = np.zeros(len(box.values), np.int64)
        with np.errstate(all="ignore"):  # gradients may be zero, or huge
            return attack.run(model, leads.tensor(box.values), truth).raw


class _Leads:
    """A classifier for foolbox with two logits, the true class's lead and 0, and its gradient."""

    def __init__(self, box: UnitBox) -> None:
        self._box = box
        self._gradient: Any = None

    def __call__(self, values: Any) -> Any:
        leads, self._gradient = self._box.leads(values)
        return np.stack([leads, np.zeros_like(leads)], axis=1)

    def tensor(self, values: Any) -> Any:
        """Return values as foolbox takes them, of a kind that NumPy can differentiate by."""
        leads = self

        class DifferentiableTensor(NumPyTensor):  # type: ignore[misc]  # eagerpy is not looked into
            __slots__ = ()

            def _value_and_grad_fn(self, f: Any, **_: Any) -> Any:
                """Return f's value and gradient; f is minus the sum of the leads."""

                def run(x: Any, *arguments: Any) -> tuple[Any, Any, Any]:
                    value, aux = f(x, *arguments)
                    return value, aux, NumPyTensor(-leads._gradient)

                return run

        return DifferentiableTensor(values)
