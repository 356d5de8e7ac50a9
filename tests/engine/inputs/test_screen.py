"""Inputs that a model makes no numbers of are left out; the rest is learned from."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from pytest_paoding import prune
from pytest_paoding.engine.evaluation.without_data.fidelity import fidelity_metrics
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.errors import ExecutionError
from support.nightly import nightly
from support.oracles import randomise

layers, ops = keras.layers, keras.ops


def shares(x: Any) -> Any:
    return x / ops.sum(x, axis=-1, keepdims=True)


def behind(first: Any, last: Any = None, *, recorded: bool = False, size: int = 6) -> Any:
    """A model whose operations are not defined everywhere."""
    x = keras.Input((size,), name="x")
    y = layers.Dense(16, "relu", name="hidden")(first(x))
    y = layers.BatchNormalization()(y) if recorded else y
    y = layers.Dense(3, "relu" if last else None, name="head")(y)
    return randomise(keras.Model(x, last(y) if last else y))


def screened(model: Any, about: Any = None, *, outside: int = 0) -> tuple[Any, Any]:
    """Return a sample of 800 and what its screen counted."""
    sources = sources_of(read_graph(model), about).screened(calibrated=False)
    (values,) = drawn(sources, Draw(800, outside, np.random.default_rng(0))).values()
    return values, sources.screen


DOMAINS = {
    "sqrt": (ops.sqrt, (1, 5)),
    "log": (ops.log, (1, 5)),
    "log1p": (ops.log1p, (0, 5)),
    "arcsine": (ops.arcsin, (-0.9, 0.9)),
    "power": (lambda x: ops.power(x, 0.3), (1, 2)),
    "overflow": (lambda x: ops.exp(40 * x), (-1, 0.5)),
    "shares": (shares, (1, 2)),
}
each = pytest.mark.parametrize("name", DOMAINS)


@each
def test_inputs_are_drawn_beyond_their_range_only_where_the_model_is_defined(name: str) -> None:
    operation, (low, high) = DOMAINS[name]
    model = behind(operation)
    values, screen = screened(model, (low, high), outside=400)
    assert len(values) == 800
    assert screen.note is None
    assert np.isfinite(np.asarray(model(values))).all()
    inside = ((values >= low) & (values <= high)).all(axis=1)
    assert inside.sum() >= 400


def test_inputs_beyond_their_range_stay_where_the_model_is_defined() -> None:
    plain = sources_of(read_graph(behind(lambda x: x)), (10, 20))
    (expected,) = drawn(plain, Draw(800, 400, np.random.default_rng(0))).values()
    values, screen = screened(behind(lambda x: x), (10, 20), outside=400)
    np.testing.assert_array_equal(values, expected)
    assert (screen.seen, screen.left_out) == (800, 0)


@each
@pytest.mark.parametrize("recorded", (False, *nightly(True)), ids=("plain", "recorded"))
def test_models_with_a_domain_are_pruned_within_it(name: str, *, recorded: bool) -> None:
    operation, about = DOMAINS[name]
    model = behind(operation, recorded=recorded)
    pruned = prune(model, ratio=0.5, input_range=about, verify=True)
    assert pruned.model.get_layer("hidden").units == 8
    assert any(note.startswith("proved") for note in pruned.notes)
    assert not any("left out" in note for note in pruned.notes)


def test_inputs_without_an_output_are_left_out_and_counted() -> None:
    model = behind(lambda x: x, lambda y: shares(y - 0.3 * ops.max(y, keepdims=True, axis=-1)))
    values = np.random.default_rng(0).random((300, 6)).astype(np.float32)
    values[:9] = 0  # of relu and no bias: nothing to share
    for name in ("hidden", "head"):
        model.get_layer(name).bias.assign(np.zeros(model.get_layer(name).units))
    lost = int(np.isnan(np.asarray(model(values))).any(axis=1).sum())
    assert 9 <= lost < 200
    pruned = prune(model, ratio=0.5, calibration=values)
    assert pruned.model.get_layer("hidden").units == 8
    (note,) = (each for each in pruned.notes if "left out" in each)
    assert note.startswith(
        f"{lost} of 300 inputs of the calibration were left out: of them, layer "
    )
    assert note.endswith("makes values that are not numbers")


def test_drawn_inputs_without_an_output_are_left_out_and_counted() -> None:
    model = behind(lambda x: ops.sqrt(x - 0.42), size=2)
    pruned = prune(model, ratio=0.5, input_range=(0, 1))
    assert pruned.model.get_layer("hidden").units == 8
    (note,) = (each for each in pruned.notes if "left out" in each)
    left, _, seen = note.split()[:3]
    assert 0.1 * int(seen) < int(left) < 0.7 * int(seen)


@pytest.mark.parametrize(
    ("about", "advice"),
    (
        ({}, ": give the model's input_range, or choose a strategy that reads no inputs"),
        ({"input_range": (-9, -1)}, "drawn inputs: choose a strategy that reads no inputs"),
        (
            {"calibration": -np.ones((40, 6))},
            "from 40 of 40 inputs of the calibration: give others, or choose a strategy",
        ),
    ),
    ids=("drawn", "in a range", "given"),
)
def test_where_most_fail_the_reason_is_told_and_nothing_advised_that_was_done(
    about: Any, advice: str
) -> None:
    model = behind(lambda x: ops.log(x - 2))
    with pytest.raises(ExecutionError) as error:
        prune(model, ratio=0.5, **about)
    assert "makes values that are not numbers, from " in str(error.value)
    assert advice in str(error.value)
    assert error.value.__context__ is None or "numbers" not in str(error.value.__context__)
    assert ("input_range" in str(error.value)) == (not about)


def test_series_without_an_output_are_left_out() -> None:
    x = keras.Input((5, 1), name="x")
    y = layers.Dense(16, "relu", name="hidden")(layers.GRU(8)(ops.log(x - 0.02)))
    model = randomise(keras.Model(x, layers.Dense(3, "softmax")(y)))
    pruned = prune(model, ratio=0.5, input_range=(0, 1))
    assert pruned.model.count_params() < model.count_params()
    assert any("drawn inputs were left out" in note for note in pruned.notes)


def test_gradients_that_lead_out_of_the_domain_are_done_without() -> None:
    """A root has no slope at zero, where drawn inputs are cut off."""
    model = behind(lambda x: ops.sqrt(ops.relu(x - 0.5)), recorded=True)
    pruned = prune(model, ratio=0.5)
    assert pruned.model.get_layer("hidden").units == 8
    assert all(np.isfinite(each).all() for each in pruned.model.get_weights())


def test_what_only_the_pruned_model_makes_no_numbers_of_is_left_out_of_the_fits() -> None:
    x = keras.Input((6,), name="x")
    y = layers.Dense(12, "relu", use_bias=False, name="hidden")(x)
    y = shares(layers.Dense(2, "relu", use_bias=False)(y))
    model = randomise(keras.Model(x, layers.Dense(3)(layers.Dense(8, "relu", name="late")(y))))
    pruned = prune(model, ratio=0.75, input_range=(-1, 1), allocation="uniform")
    assert [pruned.model.get_layer(name).units for name in ("hidden", "late")] == [3, 2]
    assert all(np.isfinite(each).all() for each in pruned.model.get_weights())


def test_agreement_leaves_out_what_the_original_makes_no_numbers_of() -> None:
    model = behind(lambda x: ops.sqrt(x - 0.42), size=2)
    found = fidelity_metrics(model, model, input_range=(0, 1))["synthetic_agreement"]
    assert found.found == 1
    assert 100 < int((found.detail or "").split()[0]) < 512
    never = behind(lambda x: ops.log(x - 2))
    found = fidelity_metrics(never, never, input_range=(0, 1))["synthetic_agreement"]
    assert "not finite" in (found.reason or "")
