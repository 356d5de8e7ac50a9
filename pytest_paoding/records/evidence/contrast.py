"""How a metric compares what was found before pruning with what was found after."""

from __future__ import annotations

from enum import Enum

CONFIDENCE = 0.95
"""Confidence of the intervals in reports."""


class Contrast(Enum):
    """How a metric compares the values before and after, which may be shares of the samples."""

    SHARE = "share"
    """The value after pruning."""
    DIFFERENCE = "difference"
    """The value before minus the value after."""
    RATIO = "ratio"
    """The value after divided by the value before."""
