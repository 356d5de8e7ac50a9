"""Ratios as people write them: one, several to choose from, or the wish to have one found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pytest_paoding.errors import ConfigError
from pytest_paoding.records.text import quantities

Ratio = float | tuple[float, ...] | Literal["auto"]
"""One ratio, several in ascending order, or the wish to have it found."""

AUTO: Literal["auto"] = "auto"


def read_ratio(value: object) -> Ratio:
    """Read a ratio, a list of ratios (or a text with commas), or "auto".

    Raises:
        ValueError: It is none of them, or the same ratio twice; one line.
    """
    if value == AUTO:
        return AUTO
    several = value.split(",") if isinstance(value, str) and "," in value else value
    if not isinstance(several, (list, tuple)):
        return quantities.ratio(several)
    ratios = tuple(sorted(quantities.ratio(each) for each in several))
    if not ratios or len(set(ratios)) < len(ratios):
        raise ValueError(f"{value!r} is not a list of different ratios such as [0.3, 0.5]")
    return ratios[0] if len(ratios) == 1 else ratios


def candidate(name: str, ratio: float) -> str:
    """Return the name of one ratio's gate in a sweep; no gate outside sweeps can have it.

    >>> candidate("digits", 0.25)
    'digits@0.25'
    """
    return f"{name}@{ratio:g}"


@dataclass(frozen=True, slots=True)
class Sweep:
    """One ratio of several, and whether it is the smallest of them."""

    ratio: float
    least: bool

    @classmethod
    def of(cls, ratios: Ratio | None, ratio: float | None) -> Sweep | None:
        """Return the place of a test that got `ratio` in a sweep; None where there is no sweep.

        Raises:
            ConfigError: Several ratios reached a test that runs once.
        """
        if not isinstance(ratios, tuple):
            return None
        if ratio not in ratios:
            told = ", ".join(f"{each:g}" for each in ratios)
            raise ConfigError(
                f"several ratios ({told}) need a run of the test for each: give them on the command"
                " line, in the marker or in [tool.paoding], and let the test ask for `paoding`"
            )
        return cls(ratio, least=ratio == ratios[0])


def without_ratio(identity: str, ratio: float | None) -> str:
    """Return the name or node id of a test without the ratio it is parametrised with.

    >>> without_ratio("test_it[a-0.25]", 0.25), without_ratio("digits[0.25]", 0.25)
    ('test_it[a]', 'digits')
    """
    parts = re.fullmatch(r"(.*)\[(.*)\]", identity, flags=re.DOTALL)
    if parts is None or ratio is None:
        return identity
    values = parts[2].split("-")
    if f"{ratio:g}" in values:
        values.remove(f"{ratio:g}")
    return f"{parts[1]}[{'-'.join(values)}]" if values else parts[1]
