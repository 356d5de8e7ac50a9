"""Kinds of documents of this package, told by what stands in them, each by its name."""

from __future__ import annotations

from typing import Any

from pytest_paoding.records.baseline import SCHEMA as BASELINE
from pytest_paoding.records.plans.plan_files import is_plan
from pytest_paoding.records.results import SCHEMA as REPORT
from pytest_paoding.records.runs.history import SCHEMA as HISTORY

RUN = "a report of --paoding-json"
MANIFEST = "a manifest"
ACCEPTED = "a baseline"
PAST = "a run of a history"
PLAN = "a plan"

_TOLD_BY = {RUN: "session", MANIFEST: "gate"}
"""Keys that tell documents of one schema apart."""


def kind_of(document: Any) -> str | None:
    """Return what a parsed document is, of whatever version; None where it is of others."""
    if not isinstance(document, dict):
        return None
    family = str(document.get("schema")).partition("/")[0]
    if family == _family(REPORT):
        return next((kind for kind, key in _TOLD_BY.items() if key in document), None)
    if family == _family(BASELINE):
        return ACCEPTED
    if family == _family(HISTORY):
        return PAST
    return PLAN if is_plan(document) else None


def other_kind(document: Any, wanted: str) -> str | None:
    """Return how to say what a document is instead of what is wanted; None where nobody knows."""
    kind = kind_of(document)
    return None if kind in {None, wanted} else f"is {kind}, not {wanted}"


def _family(schema: str) -> str:
    return schema.partition("/")[0]
