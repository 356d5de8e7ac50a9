"""Plans: what they refuse, how they read, and their way through JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.errors import SurgeryError
from pytest_paoding.records.plan import LayerPlan, Plan, StoredWeights


@st.composite
def layer_plans(draw: st.DrawFn) -> LayerPlan:
    units = draw(st.integers(1, 12))
    kept = draw(st.lists(st.integers(0, units - 1), min_size=1, unique=True).map(sorted))
    gone = [unit for unit in range(units) if unit not in kept]
    nominees = draw(st.lists(st.sampled_from(gone), unique=True)) if gone else []
    delegates = tuple((unit, draw(st.sampled_from(kept))) for unit in nominees)
    text = st.none() | st.text()
    return LayerPlan(draw(st.text()), units, tuple(kept), draw(text), draw(text), delegates)


NAMED = st.lists(st.tuples(st.text(), st.integers(0, 3)), max_size=3)


@given(st.lists(layer_plans()), st.sampled_from(["exact", "recompute"]), NAMED)
def test_a_plan_survives_json(
    layers: list[LayerPlan], mixing: str, names: list[tuple[str, int]]
) -> None:
    plan = Plan(tuple(layers), mixing, StoredWeights(tuple(names)) if names else None)
    assert Plan.from_json(plan.to_json()) == plan


def test_layers_are_found_by_name() -> None:
    layer = LayerPlan("a", 2, (0,))
    assert Plan((layer,))["a"] is layer
    with pytest.raises(KeyError):
        Plan((layer,))["b"]


@pytest.mark.parametrize("kept", ((1, 0), (0, 0), (0, 3), (-1, 0)))
def test_units_out_of_order_or_range_are_refused(kept: tuple[int, ...]) -> None:
    with pytest.raises(SurgeryError, match=r"'a'.*must ascend"):
        LayerPlan("a", 3, kept)


@pytest.mark.parametrize("delegates", (((0, 1),), ((1, 1),), ((2, 1),), ((1, 5),)))
def test_a_delegate_must_be_kept_and_its_nominee_removed(
    delegates: tuple[tuple[int, int], ...],
) -> None:
    with pytest.raises(SurgeryError, match=r"'a'.*delegate"):
        LayerPlan("a", 3, (0,), delegates=delegates)


@pytest.mark.parametrize(
    "text",
    (
        "",
        "[]",
        "{}",
        '{"format": 1, "layers": []}',
        '{"format": 2, "layers": [{"name": "a"}]}',
        '{"format": 2, "layers": [], "fitted": null, "more": 1}',
        "[" * 100_000,
        (
            '{"format": 2, "fitted": null, "layers": [{"name": "a", "units": 9, "kept": [1e999], '
            '"delegates": []}]}'
        ),
        (
            '{"format": 2, "fitted": null, "layers": [{"name": "a", "units": 1e12, "kept": [], '
            '"delegates": [[1e999, 1]]}]}'
        ),
        '{"format": 2, "layers": [], "fitted": {"names": [1], "sha256": null}}',
        (
            '{"format": 2, "fitted": null, "layers": [{"name": "a", "units": 1, "kept": ["x"], '
            '"delegates": []}]}'
        ),
        (
            '{"format": 2, "fitted": null, "layers": [{"name": null, "units": 1, "kept": [0], '
            '"delegates": []}]}'
        ),
        '{"format": 2, "layers": [], "fitted": null, "mixing": [1]}',
    ),
)
def test_what_is_no_plan_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(SurgeryError) as caught:
        Plan.from_json(text)
    assert "plan" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_document_holds_plain_values_only() -> None:
    document = json.loads(Plan((LayerPlan("a", 3, (0, 2), "magnitude"),)).to_json())
    assert document["layers"] == [
        {
            "name": "a",
            "units": 3,
            "kept": [0, 2],
            "criterion": "magnitude",
            "reason": None,
            "delegates": [],
        }
    ]


def test_an_explanation_is_aligned_ascii() -> None:
    plan = Plan(
        (
            LayerPlan("first", 128, tuple(range(64)), "impact"),
            LayerPlan("b", 3, (0, 1, 2), reason="because"),
        )
    )
    assert plan.explain().isascii()
    assert plan.explain().splitlines() == [
        "layer  before  after  chosen by  why not more",
        "first     128     64  impact",
        "b           3      3             because",
    ]


def test_a_layer_of_absurdly_many_units_takes_no_memory() -> None:
    assert LayerPlan("a", 10**15, (0, 10**14)).kept == (0, 10**14)
    with pytest.raises(SurgeryError, match="delegate"):
        LayerPlan("a", 10**15, (0,), delegates=((10**16, 0),))
