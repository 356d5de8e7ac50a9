"""Hand-built models, each with what makes it hard and the groups of units that may leave it.

The numbers are counted by hand: an engine that pins or joins too much is exact too, and only they
can tell.
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

__all__ = [
    "PATTERNS",
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
