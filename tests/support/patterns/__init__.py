"""Hand-built models, each with one difficulty and the groups of units that may leave it.

The numbers are counted by hand, as only they reveal an engine that pins or joins too much: that is
exact too.
"""

from support.patterns import (
    attention,
    basic,
    constants,
    convolution,
    masks,
    operations,
    sequence,
    sharing,
)
from support.patterns.registry import PATTERNS, Pattern, conv, head

VARIED = [name for name, pattern in PATTERNS.items() if pattern.varied]
"""Patterns that together hold every kind of layer."""

__all__ = [
    "PATTERNS",
    "VARIED",
    "Pattern",
    "attention",
    "basic",
    "constants",
    "conv",
    "convolution",
    "head",
    "masks",
    "operations",
    "sequence",
    "sharing",
]
