"""The fast gradient sign method: one step of full size along the sign of the gradient.

Goodfellow, Shlens and Szegedy, "Explaining and Harnessing Adversarial Examples", 2015, section 4:
x' = x + epsilon * sign(grad_x J(x, y)), clipped to what a legal input may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.attacks.attack import Attack, Attempt
from pytest_paoding.engine.evaluation.attacks.legal_range import kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_paoding.engine.evaluation.attacks.attack import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class FastGradientSign(Attack):
    """The attack, at several strengths from one gradient."""

    def attempt(self, target: Target) -> Attempt:
        """Return the outcome on a target, at the cost of one gradient.

        Where nothing is right or wrong a sample keeps its own values unless others raise its loss.
        """
        forms, gradients = target.predictor.gradients(target.inputs, target.truths)
        pairs = zip(gradients, self.ranges, strict=True)
        gradients = [
            each if each is None or interval is None else kept(tf.zeros_like(each), each, interval)
            for each, interval in pairs
        ]
        examples: Iterator[list[Any]] = self.examples(target.inputs, gradients)
        if not target.decides:  # a step that overshoots the highest loss must not look robust
            examples = (target.worst(target.inputs, each) for each in examples)
        return Attempt(forms, examples, _flat(gradients))

    def examples(self, inputs: Sequence[Any], gradients: Sequence[Any]) -> Iterator[list[Any]]:
        """Yield, for each epsilon, adversarial inputs at most that far away in every value.

        Args:
            inputs: One tensor for each input, within its range.
            gradients: The gradient of the loss in each; None for inputs that are not attacked.
        """
        steps = [gradient if gradient is None else tf.sign(gradient) for gradient in gradients]
        for epsilon in self.epsilons:
            yield [
                each
                if step is None or interval is None
                else kept(each, tf.clip_by_value(each + step * epsilon, *interval), interval)
                for each, step, interval in zip(inputs, steps, self.ranges, strict=True)
            ]


def _flat(gradients: Sequence[Any]) -> int:
    """Return the number of samples whose gradient is zero in all inputs."""
    steep = [
        (each.numpy() != 0).reshape(len(each), -1).any(axis=1)
        for each in gradients
        if each is not None
    ]
    return int((~np.any(steep, axis=0)).sum())
