"""Efforts: words for how long a pruning may take, or seconds."""

from __future__ import annotations

from contextlib import suppress

from pytest_paoding.records.protocol import EFFORTS
from pytest_paoding.records.text.quantities import as_given, finite


def effort(value: object) -> str | float:
    """Return an effort by its name, or as a number of seconds."""
    if value in EFFORTS:
        return str(value)
    with suppress(ValueError, TypeError):
        seconds = finite(float(value) if isinstance(value, str) else value)
        if seconds > 0:
            return seconds
    raise ValueError(
        f"{as_given(value)} is neither of {', '.join(EFFORTS)} nor a positive number of seconds"
    )
