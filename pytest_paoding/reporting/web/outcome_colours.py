"""Which colour of the style sheet a word has: of what is good, of what is bad, or of neither."""

from __future__ import annotations

from pytest_paoding.records.budgets import Outcome

_OUTCOMES = {
    Outcome.WITHIN_BUDGET: "in",
    Outcome.OVER_BUDGET: "out",
    Outcome.UNJUDGED: "out",
    Outcome.CRASHED: "out",
}
_CHANGES = {"better": "in", "WORSE": "out"}


def kind_of(outcome: Outcome) -> str:
    """Return the class of an outcome."""
    return _OUTCOMES.get(outcome, "other")


def coloured(word: str) -> str:
    """Return the word on a change as HTML."""
    return f'<span class="{_CHANGES.get(word, "other")}">{word}</span>'
