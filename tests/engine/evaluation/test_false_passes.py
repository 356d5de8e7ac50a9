"""Verdicts without data: none may hold of a model that has lost what it was made for."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.datasets import load_digits

from pytest_paoding import prune
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.evaluation.without_data.class_balance import balanced
from pytest_paoding.engine.evaluation.without_data.fidelity import fidelity_metrics
from pytest_paoding.engine.execution.wave import Model
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.open_lengths import settled_sources
from pytest_paoding.engine.synthesis import varied_inputs as synthesis
from pytest_paoding.engine.synthesis.inversion import Effort
from pytest_paoding.engine.synthesis.varied_inputs import varied_inputs
from support.nightly import nightly

UNIT = (0.0, 1.0)


@cache
def digits() -> tuple[Any, Any]:
    """Return a trained classifier of ten classes, and pictures it was not trained on."""
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype("float32")
    keras.utils.set_random_seed(0)
    hidden = [layers.Dense(width, "relu") for width in (64, 48)]
    model = keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, "softmax")])
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    model.fit(x[:1200], y[:1200], epochs=25, batch_size=32, verbose=0)
    return model, x[1200:]


def answers(model: Any, inputs: Any) -> Any:
    return np.asarray(model(inputs)).argmax(axis=1)


@pytest.mark.parametrize("strategy", ("magnitude", "saliency"))
@pytest.mark.parametrize("ratio", (0.5, 0.75, 0.9))
def test_what_disagrees_on_real_inputs_does_so_on_synthetic_ones(
    strategy: str, ratio: float
) -> None:
    model, real = digits()
    pruned = prune(model, ratio=ratio, strategy=strategy, input_range=UNIT).model
    agreed = (answers(model, real) == answers(pruned, real)).mean()
    found = fidelity_metrics(model, pruned, input_range=UNIT)["synthetic_agreement"]
    assert agreed < 0.95
    assert found.found < 0.95
    if agreed < 0.7:
        assert found.interval()[1] < 0.85


def test_inputs_are_of_all_classes_where_drawn_ones_are_not() -> None:
    model, _ = digits()
    sources, _ = settled_sources(model, input_range=UNIT, input_kind="features")
    plain = drawn(sources, Draw(512, 0, np.random.default_rng(1)))
    state = Model(sources.graph, WorkingWeights())
    varied = varied_inputs(state, sources, np.random.default_rng(1))
    assert varied.moved
    counts = [
        np.bincount(answers(model, values), minlength=10)
        for each in (plain, varied.values)
        for values in each.values()
    ]
    assert counts[0].max() > 300
    assert counts[1].min() >= 20
    values = next(iter(varied.values.values()))
    assert values.min() >= 0
    assert values.max() <= 1


def test_a_model_that_answers_with_one_class_is_not_judged() -> None:
    model, _ = digits()
    constant = keras.models.clone_model(model)
    constant.set_weights(model.get_weights())
    kernel, bias = constant.layers[-1].get_weights()
    constant.layers[-1].set_weights([kernel * 1e-3, bias + 50 * (np.arange(10) == 3)])
    found = fidelity_metrics(constant, constant, input_range=UNIT)["synthetic_agreement"]
    assert found.found is None
    assert "an effective number of 1 of 10 classes" in found.reason
    assert "give data" in found.reason


def test_what_takes_too_long_or_has_no_gradient_is_drawn_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, _ = digits()
    effort = Effort(steps=60, inputs=512, least=64, work=1e3)
    monkeypatch.setattr(synthesis, "_EFFORTS", (effort,))
    detail = fidelity_metrics(model, model, input_range=UNIT)["output_divergence"].detail
    assert detail == "512 synthetic inputs, not moved to classes: which would take too long"


def test_positions_count_alike_by_class() -> None:
    """A tenth of each mask is foreground: losing all of it is half of what there is to lose."""
    given = keras.Input((8, 8, 1))
    kernel = np.zeros((1, 1, 1, 2))
    kernel[..., 1] = 20
    models = []
    for bias in (-18.0, -1e4):
        model = keras.Model(given, layers.Conv2D(2, 1, activation="softmax")(given))
        model.set_weights([kernel, np.array([0.0, bias])])
        model.compile(loss="sparse_categorical_crossentropy")
        models.append(model)
    found = fidelity_metrics(*models, input_range=UNIT)["synthetic_agreement"]
    assert found.found == pytest.approx(0.5)
    assert (
        fidelity_metrics(models[0], models[0], input_range=UNIT)["synthetic_agreement"].found == 1
    )


def test_a_budget_without_data_does_not_pass_a_regressor() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, "relu"), layers.Dense(1, "relu")])
    model.compile(loss="mse")
    found = fidelity_metrics(model, model)["synthetic_agreement"]
    assert found.found is None
    assert "values agree more or less" in found.reason


def test_values_that_only_look_like_classes_do_not_agree() -> None:
    """The greatest of three values may be the same one all the time."""
    given = np.random.default_rng(0).random((60, 4)).astype("float32")
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.Dense(3)])
    kernel, bias, out, _ = model.get_weights()
    model.set_weights([kernel, bias, out, np.array([90.0, 5.0, 1.0])])
    other = keras.models.clone_model(model)
    other.set_weights([kernel * 0, bias, out, np.array([90.0, 5.0, 1.0])])
    found = [
        evaluate(model, other, given)["agreement"],
        fidelity_metrics(model, other)["synthetic_agreement"],
    ]
    for each in found:
        assert each.found is None
    assert "nothing but its shape tells" in found[0].reason
    assert found[0].reason.endswith("set its task")
    assert evaluate(model, other, given, task="classes")["agreement"].found == 1
    assert evaluate(model, model, given)["agreement"].found == 1


def of_input(given: Any, *, scaled: bool) -> Any:
    """Return a classifier of one input, that scales it or does not."""
    x = layers.Normalization(axis=None, mean=3.0, variance=4.0)(given) if scaled else given
    x = layers.GRU(4)(x) if len(given.shape) == 3 else layers.Dense(4, "relu")(x)
    return layers.Dense(3, "softmax")(x)


@pytest.mark.parametrize("shape", ((5,), (12, 3)), ids=("table", "series"))
@pytest.mark.parametrize("beside", (False, *nightly(True)), ids=("alone", "beside pictures"))
def test_what_has_no_usual_range_is_judged_in_a_told_one_only(
    *, shape: tuple[int, ...], beside: bool
) -> None:
    """A table of measurements is nowhere near 0 to 1, where all of its rows are alike."""
    for scaled in (False, True):
        given = keras.Input(shape, name="raw")
        inputs, outputs = [given], [of_input(given, scaled=scaled)]
        if beside:
            picture = keras.Input((8, 8, 1), name="seen")
            inputs.append(picture)
            outputs.append(
                layers.Dense(3, "softmax")(layers.Flatten()(layers.Conv2D(2, 3)(picture)))
            )
        model = keras.Model(inputs, outputs)
        told = fidelity_metrics(model, model, input_range={"raw": (-40.0, 900.0)})
        untold = fidelity_metrics(model, model)
        for each in (*told.values(), *(untold.values() if scaled else ())):
            assert "nothing tells the range" not in (each.reason or "")
        for each in () if scaled else untold.values():
            assert each.found is None
            assert "nothing tells the range of input 'raw'" in each.reason
            assert "set input_range" in each.reason


@pytest.mark.parametrize("counts", ((500, 12), (100, 100, 3), (8, 8), (1, 1, 1), (7,)))
def test_effective_classes_are_the_exponential_of_the_entropy(counts: tuple[int, ...]) -> None:
    given = np.repeat(np.arange(len(counts)), counts)
    found = balanced(given, 10)
    parts = np.array([min(count / 8, 1) for count in counts])
    shares = parts / parts.sum()
    assert found.effective == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-6)
    sums = np.bincount(given, weights=found.weights[:, 0])
    assert sums == pytest.approx(parts)


def test_sets_of_labels_are_classes() -> None:
    labels = np.array([[1, 0]] * 30 + [[0, 0]] * 10 + [[1, 1]] * 8)
    assert balanced(labels, 2, together=True).effective == pytest.approx(3, rel=1e-6)
    assert balanced(labels, 30, together=True).least == 3
