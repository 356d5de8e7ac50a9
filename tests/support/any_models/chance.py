"""Chance: what a drawn model is made by; one number gives one model."""

from __future__ import annotations

import random
from typing import Any, TypeVar

import numpy as np

Choice = TypeVar("Choice")


class Chance:
    """A private source of choices."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)
        self.arrays = np.random.default_rng(number)

    def one_of(self, *options: Choice) -> Choice:
        return self._random.choice(options)

    def some_of(self, options: list[Choice], count: int) -> list[Choice]:
        return self._random.sample(options, min(count, len(options)))

    def whole(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def width(self) -> int:
        """Return a number of units: small, and often one, odd, or a multiple of four."""
        return self.one_of(1, 2, 3, 4, 4, 5, 6, 8, 8, 12)

    def array(self, *shape: int, dtype: Any = "float32") -> Any:
        return self.arrays.standard_normal(shape).astype(dtype)
