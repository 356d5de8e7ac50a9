"""Gates that cannot be judged or break off: they say why, and nothing stays behind."""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.errors import ModelFileError
from pytest_paoding.records.budgets import Level, Outcome
from pytest_paoding.records.results import GateResult
from support.fake_engine import FakeEngine, FakeModel
from support.gates import DATA, MODEL, left_over, limit, run

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.records.measurement import Measurement


@pytest.mark.parametrize(
    ("model", "data", "limits", "reason"),
    (
        (FakeModel({}), DATA, ["max_size"], "nothing can be pruned: layer 'output' is the output"),
        (MODEL, ([], []), ["max_size"], "the data is empty"),
        (
            FakeModel({"a": 4}, {"contradiction": "the data run from 0 to 255"}),
            DATA,
            ["max_size"],
            "the data run from 0 to 255",
        ),
        (
            MODEL,
            None,
            ["max_accuracy_decay"],
            (
                "accuracy decay was not measured: max_accuracy_decay needs data, set data to "
                '"package.module:callable", or hand some in'
            ),
        ),
        (MODEL, DATA, ["max_flops"], "flops: flops was not measured"),
        (
            FakeModel({"a": 4}, {"robust": {"0.1": (0.0, 0.0)}}),
            DATA,
            ["min_robustness_retention"],
            "robustness retention: no sample is robust before pruning",
        ),
        (
            FakeModel({"a": 4}, {"agreement": float("nan")}),
            DATA,
            ["min_agreement"],
            "agreement: is not a finite number",
        ),
        (
            FakeModel({"a": 4}, {"agreement": None}),
            DATA,
            ["min_agreement"],
            "agreement: is undefined",
        ),
        (
            FakeModel({"a": 4}, {"refuse": "layer 'a' gives NaN"}),
            DATA,
            ["min_agreement"],
            "layer 'a' gives NaN",
        ),
        (
            MODEL,
            DATA,
            [],
            "no budget applies: set at least one, such as max_accuracy_decay, that is not off",
        ),
    ),
)
def test_what_cannot_be_judged_says_why_and_leaves_nothing(
    tmp_path: Path, model: FakeModel, data: Any, limits: list[str], reason: str
) -> None:
    done = run(tmp_path, *(limit(key, 1) for key in limits), model=model, data=data)
    assert (done.result.outcome, done.result.reason) == (Outcome.UNJUDGED, reason)
    assert done.staged is None
    assert left_over(tmp_path) == [".gitignore"]
    assert GateResult.from_dict(json.loads(json.dumps(done.result.to_dict()))) == done.result


def test_a_warning_that_is_undefined_does_not_fail(tmp_path: Path) -> None:
    done = run(tmp_path, limit("max_accuracy_decay", 0.1), limit("max_flops", 1, Level.WARN))
    assert done.result.outcome is Outcome.WITHIN_BUDGET
    assert [check.warns for check in done.result.checks] == [False, True]


def test_a_defect_keeps_its_traceback_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="boom"):
        run(tmp_path, limit("max_size", 1), model=FakeModel({"a": 4}, {"defect": "boom"}))
    assert left_over(tmp_path) == [".gitignore"]


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    class Interrupted(FakeEngine):
        def evaluate(self, *_: Any, **__: Any) -> dict[str, Measurement]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, limit("max_size", 1), engine=Interrupted())
    assert left_over(tmp_path) == [".gitignore"]


def test_a_full_disk_while_saving(tmp_path: Path) -> None:
    class Full(FakeEngine):
        def save(self, model: FakeModel, path: Path) -> int:
            super().save(model, path)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    done = run(tmp_path, limit("max_size", 1), engine=Full())
    assert done.result.outcome is Outcome.UNJUDGED
    reason = done.result.reason or ""
    assert reason.startswith(f"cannot write {tmp_path}")
    assert "No space left on device; make room there, or set --paoding-artifacts, --o" in reason
    assert left_over(tmp_path) == [".gitignore"]


def test_a_folder_that_is_none_is_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    engine = FakeEngine()
    done = run(tmp_path, limit("max_size", 1), engine=engine)
    assert done.result.outcome is Outcome.UNJUDGED
    assert (done.result.reason or "").startswith("cannot stage in")
    assert engine.calls == []
    assert done.result.versions == {}


@pytest.mark.parametrize(
    ("least", "told"),
    (
        (20, "that of the original, saved the same way, is no better: change the model so that "),
        (8, "that of the original is sound: please report this as a defect of pytest-paoding"),
    ),
)
def test_a_file_that_cannot_be_loaded_again_is_not_published(
    tmp_path: Path, least: int, told: str
) -> None:
    """Fake models of at most `least` units cannot be read back; MODEL has 12, pruned 6."""
    model = FakeModel(MODEL.layers, {"unreadable": least})
    done = run(tmp_path, limit("max_size", 1e9), model=model)
    assert done.result.outcome is Outcome.UNJUDGED
    assert (done.result.reason or "").startswith(
        f"the pruned model's file cannot be loaded: layer 'dense' has no weights; {told}"
    )
    assert done.staged is None
    assert left_over(tmp_path) == [".gitignore"]


def test_a_model_without_a_digest_is_unjudged(tmp_path: Path) -> None:
    class Indescribable(FakeEngine):
        def digest(self, model: FakeModel) -> str:
            raise ModelFileError(f"model {model.layers} cannot be described")

    done = run(tmp_path, limit("max_size", 1), engine=Indescribable())
    assert done.result.outcome is Outcome.UNJUDGED
    assert done.result.reason == f"model {MODEL.layers} cannot be described"
    assert done.result.digest_before is None
