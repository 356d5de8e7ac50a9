from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from pytest_paoding.records.artifact_record import Artifact
from pytest_paoding.records.budgets import Limit, Outcome, judge
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import Direction, Metric
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.text.quantities import Unit
from support.random_results import results

if TYPE_CHECKING:
    from collections.abc import Iterator


def leaves(plain: Any) -> Iterator[Any]:
    if isinstance(plain, dict):
        assert all(type(key) is str for key in plain)
        plain = list(plain.values())
    if isinstance(plain, list):
        for part in plain:
            yield from leaves(part)
    else:
        yield plain


@settings(max_examples=40)
@given(results())
def test_a_result_survives_json_unchanged(result: GateResult) -> None:
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert GateResult.from_dict(json.loads(text)) == result


@settings(max_examples=40)
@given(results())
def test_the_plain_form_holds_plain_types_only(result: GateResult) -> None:
    # Workers send it through execnet, which refuses subclasses such as enums and NumPy's scalars.
    assert {type(leaf) for leaf in leaves(result.to_dict())} <= {str, int, float, bool, type(None)}


@settings(max_examples=40)
@given(results())
def test_failed_and_the_failing_checks_agree(result: GateResult) -> None:
    failing = [check for check in result.checks if check.fails]
    excused = result.outcome in {Outcome.FORCED, Outcome.REJECTED}
    assert result.failed == (not excused and (bool(failing) or not result.checks))


@pytest.mark.parametrize("per_epsilon", (False, True))
def test_a_limit_on_a_metric_of_the_users_own_survives(per_epsilon: bool) -> None:  # noqa: FBT001
    metric = Metric("f1", Direction.HIGHER, Unit.SHARE, Unit.COUNT, per_epsilon)
    measured = {"f1@0.1" if per_epsilon else "f1": Measurement(1.0, 0.5, 0.5)}
    judgement = judge([Limit(metric, 0.75)], measured)
    result = GateResult(name="a", outcome=judgement.outcome, checks=judgement.checks)
    assert GateResult.from_dict(result.to_dict()) == result
    assert result.failed


def test_a_result_is_frozen_and_its_metrics_are_there_for_a_test() -> None:
    result = GateResult(
        name="a",
        outcome=Outcome.WITHIN_BUDGET,
        metrics={"parameters": Measurement(100, 40, 40)},
    )
    assert result.metrics["parameters"].after == 40
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.outcome = Outcome.UNJUDGED  # type: ignore[misc]


def test_only_an_artifact_can_be_published() -> None:
    result = GateResult(name="a", outcome=Outcome.WITHIN_BUDGET)
    assert not result.published_at("a.keras").published
    file = Artifact("a.keras", published=False, bytes=3, sha256="00")
    staged = dataclasses.replace(result, artifact=file)
    assert not staged.published
    assert staged.published_at("b.keras").published
    refused = staged.unpublished("no").artifact
    assert refused == dataclasses.replace(file, reason="no")
