"""One metric of a model before and after pruning, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """One metric of one gate.

    Attributes:
        before: Value of the original model, where the metric has one.
        after: Value of the pruned model, where the metric has one.
        found: The value a budget looks at (for `accuracy_decay` the difference, for `size` the
            bytes after); None where it is undefined.
        reason: Why `found` is None, in one line.
        detail: What the value refers to, such as `epsilon 0.05`.
    """

    before: float | None = None
    after: float | None = None
    found: float | None = None
    reason: str | None = None
    detail: str | None = None
