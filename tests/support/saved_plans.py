"""Plans in files, and what was pruned by them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding import Plan
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.surgery.apply import apply
from support.small_models import mlp

if TYPE_CHECKING:
    from pathlib import Path


def fresh() -> Any:
    """Return a model whose layers have the same automatic names each time."""
    keras.utils.clear_session()
    return mlp(12, 10)


def assert_same(one: Any, two: Any) -> None:
    assert [tuple(each.shape) for each in one.weights] == [tuple(e.shape) for e in two.weights]
    for first, second in zip(one.weights, two.weights, strict=True):
        assert values_of(first).tobytes() == values_of(second).tobytes()


def assert_done_again(model: Any, pruned: Any, folder: Path) -> None:
    pruned.plan.save(folder / "plan.json")
    assert_same(apply(model, Plan.load(folder / "plan.json")), pruned.model)


def rewritten(saved: Path, arrays: dict[str, Any]) -> None:
    """Put other arrays beside a plan, and their digest into it."""
    np.savez(saved.with_suffix(".npz"), **arrays)
    renewed(saved)


def renewed(saved: Path) -> None:
    """Put the digest of the weights beside a plan into it."""
    document = json.loads(saved.read_text(encoding="utf-8"))
    document["fitted"]["sha256"] = hashlib.sha256(
        saved.with_suffix(".npz").read_bytes()
    ).hexdigest()
    saved.write_text(json.dumps(document), encoding="utf-8")
