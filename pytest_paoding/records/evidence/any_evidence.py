"""What every kind of evidence can tell, and the plain form read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pytest_paoding.records.evidence.confidence_curve import ConfidenceCurve
from pytest_paoding.records.evidence.paired_table import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping


class AnyEvidence(Protocol):
    """The samples behind a value, and how far the true one may be from it.

    Two kinds exist: `Evidence`, the counts of samples that are right, and `ConfidenceCurve`, the
    bounds of a score of any kind.
    """

    @property
    def samples(self) -> int:
        """Number of samples."""

    @property
    def reason(self) -> str | None:
        """Why no interval is known, in one line; None where one is."""

    @property
    def surest(self) -> float:
        """Greatest confidence of an interval; beyond it `interval` gives that of this one."""

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """Return the ends of the interval of the true value; None where one is unknown."""

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form."""


def evidence_from_dict(plain: Mapping[str, Any] | None) -> AnyEvidence | None:
    """Return the evidence whose plain form is `plain`; None for None."""
    if plain is None:
        return None
    kind: type[ConfidenceCurve | Evidence] = ConfidenceCurve if "bounds" in plain else Evidence
    return kind.from_dict(plain)
