"""Verdicts without data on models that are unsure of most that they see."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pytest_paoding import prune
from pytest_paoding.engine.evaluation.tasks.judged_tasks import JudgedTasks
from pytest_paoding.engine.evaluation.without_data import fidelity
from pytest_paoding.engine.evaluation.without_data.certainty import certainty
from pytest_paoding.engine.evaluation.without_data.fidelity import fidelity_metrics
from pytest_paoding.engine.inputs.open_lengths import settled_sources
from support.nightly import nightly
from support.unsure_nets import UNSURE_NETS


def answers(model: Any, inputs: Any) -> Any:
    found = np.asarray(model(inputs))
    return found[:, 0] > 0.5 if found.shape[1] == 1 else found.argmax(axis=1)


def of_moved(model: Any, pruned: Any, span: tuple[float, float]) -> Any:
    """Return the agreement on nothing but inputs that were moved to classes."""
    sources, _ = settled_sources(model, input_range=span)
    tasks = JudgedTasks.of_model(model, sources.graph, None)
    look = next(fidelity._looks(sources, tasks, pruned))
    return fidelity._agreement(tasks, sources.graph, look).found


@pytest.mark.parametrize("kind", ("weak-table", *nightly("noisy-digits")))
def test_clear_inputs_do_not_answer_for_unclear_ones(kind: str) -> None:
    """On clear inputs alone answers agree that on real ones do not, of a tenth of them."""
    model, real, span = UNSURE_NETS[kind]()
    told, of_clear, agreed = [], [], []
    for ratio in (0.2, 0.3, 0.4, 0.5, 0.6):
        pruned = prune(model, ratio=ratio, strategy="magnitude", input_range=span).model
        agreed.append((answers(model, real) == answers(pruned, real)).mean())
        told.append(fidelity_metrics(model, pruned, input_range=span)["synthetic_agreement"].found)
        of_clear.append(of_moved(model, pruned, span))
    assert max(clear - real for clear, real in zip(of_clear, agreed, strict=True)) > 0.08
    assert not any(each >= 0.95 and real < 0.85 for each, real in zip(told, agreed, strict=True))


def test_an_unsure_model_that_has_not_changed_passes() -> None:
    model, _, span = UNSURE_NETS["weak-table"]()
    found = fidelity_metrics(model, model, input_range=span)
    assert found["synthetic_agreement"].found == 1
    assert found["output_divergence"].found == 0


def test_the_detail_tells_why_inputs_were_not_moved() -> None:
    model, _, span = UNSURE_NETS["weak-table"]()
    pruned = prune(model, ratio=0.5, strategy="magnitude", input_range=span).model
    detail = fidelity_metrics(model, pruned, input_range=span)["synthetic_agreement"].detail
    assert detail.startswith("512 synthetic inputs, merely drawn: the original's certainty of them")


@pytest.mark.parametrize("name", ("classes", "binary", "multilabel", "positions"))
@pytest.mark.parametrize("sure", (0.0, 0.25, 0.9))
def test_certainty_goes_from_chance_to_one(name: str, sure: float) -> None:
    units = {"classes": 7, "binary": 1, "multilabel": 3, "positions": 4}[name]
    shape = (6, 5, units) if name == "positions" else (6, units)
    if name in {"binary", "multilabel"}:
        top = 0.5 + sure / 2
        values = np.full(shape, np.log(top / (1 - top)))
        values[::2] *= -1
    else:
        top = (1 - sure) / units + sure
        values = np.zeros(shape)
        values[..., 1] = np.log(top / ((1 - top) / (units - 1)))
    assert certainty(SimpleNamespace(name=name), values) == pytest.approx(sure, abs=1e-9)
