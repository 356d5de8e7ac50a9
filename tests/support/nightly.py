"""Variants that add little to the one that every run tries: the nightly run tries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable


def nightly(*values: Any) -> list[Any]:
    """Return values of a parameter, marked as slow."""
    return [pytest.param(each, marks=pytest.mark.slow) for each in values]


def spread(values: Iterable[Any], every: int = 3) -> list[Any]:
    """Return values of which every run tries one in `every`, and the nightly one the others."""
    return [
        value if number % every == 0 else nightly(value)[0] for number, value in enumerate(values)
    ]
