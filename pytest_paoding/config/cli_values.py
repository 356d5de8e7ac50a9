"""How texts on the command line are read; what is wrong about one is said in one line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_paoding.config.settings import Bound, read_bound
from pytest_paoding.records.formats import EXPORTED, of_file
from pytest_paoding.records.metrics import FILE_LIMITS
from pytest_paoding.records.text import quantities
from pytest_paoding.records.text.spelling import likely

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.records.metrics import Metric

_Value = TypeVar("_Value")


def argument(read: Callable[[str], _Value]) -> Callable[[str], _Value]:
    """Return `read` for argparse, which shows the message of its own kind of error only."""

    def parse(text: str) -> _Value:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse


def budget(metric: Metric) -> Callable[[str], Any]:
    """Return what reads a limit of a metric."""
    return argument(lambda text: read_bound(text, metric))


def file_bound(text: str) -> tuple[str, Bound]:
    """Return the key of a limit of an exported file, and what the limit is.

    Raises:
        ValueError: `text` is not of the form FORMAT:KEY=LIMIT.
    """
    name, _, rest = text.partition(":")
    key, _, value = rest.partition("=")
    found = FILE_LIMITS.get(of_file(key, name))
    if found is None or not value:
        known = [f"{each}:{metric.key}" for metric, each in FILE_LIMITS.values()]
        hint = likely(f"{name}:{key}", known) if name in EXPORTED else likely(name, EXPORTED)
        raise ValueError(f"{text!r} is not of the form FORMAT:KEY=LIMIT, {hint}")
    return of_file(key, name), read_bound(value, found[0])


def seed(text: str) -> int:
    """Return a seed.

    Raises:
        ValueError: `text` is none.
    """
    if text.isdecimal() and int(text) < 2**32:
        return int(text)
    raise ValueError(f"{text!r} is not a seed from 0 to {2**32 - 1}")


def strengths(text: str) -> tuple[float, ...]:
    """Return strengths of an attack from a text with commas between them.

    Raises:
        ValueError: `text` is none.
    """
    try:
        given = [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"{text!r} is not a list of numbers such as 0.01,0.05") from None
    return quantities.strengths(given)


def reason(text: str) -> str:
    """Return a reason in one line.

    Raises:
        ValueError: `text` is empty.
    """
    if text.strip():
        return " ".join(text.split())
    raise ValueError("a reason is needed, it is recorded with what it excuses")
