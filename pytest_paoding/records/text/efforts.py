"""Efforts: words for how long a pruning may take, or seconds."""

from __future__ import annotations

from contextlib import suppress

from pytest_paoding.records.protocol import EFFORTS
from pytest_paoding.records.text.quantities import as_given, seconds
from pytest_paoding.records.text.spelling import close


def effort(value: object) -> str | float:
    """Return an effort by its name, or as a number of seconds, which may be a text.

    >>> effort("quick"), effort("10")
    ('quick', 10.0)

    Raises:
        ValueError: It is none; one line.
    """
    if value in EFFORTS:
        return str(value)
    with suppress(ValueError):
        return seconds(value)
    meant = close(value, EFFORTS) if isinstance(value, str) else None
    hint = f", did you mean {meant}?" if meant else ""
    known = ", ".join(EFFORTS)
    raise ValueError(
        f"{as_given(value)} is neither of {known} nor a positive number of seconds{hint}"
    )
