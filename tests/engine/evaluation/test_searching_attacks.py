"""Attacks that search, on models that are really trained."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.evaluation.attacks import library
from pytest_paoding.engine.evaluation.evaluate import evaluate
from support.attacked import EPSILONS, NAMES, STRONG, layers, made, survivors, target


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_lowers_accuracy_and_stays_near_and_legal(name, victim):
    model, x, y = victim
    attack = made(name, model)
    at = target(model, [x], [y])
    robust, examples, attempt = survivors(attack, at)
    assert robust[0].sum() < (attempt.forms[0].numpy().argmax(axis=1) == y).sum()
    assert not (robust[0] & ~robust[1]).any()  # robust at .1 is robust at .03
    for epsilon, (example,) in zip(EPSILONS, examples, strict=True):
        found = example.numpy()
        assert found.dtype == x.dtype
        assert np.abs(found - x).max() <= epsilon * (1 + 1e-6)
        assert found.min() >= 0
        assert found.max() <= 1


@pytest.mark.parametrize("name", ("pgd", "fmn", STRONG))
def test_what_fgsm_fools_is_fooled_by_everything_that_begins_with_it(name, victim):
    model, x, y = victim
    weak, _, _ = survivors(made("fgsm", model), target(model, [x], [y]))
    strong, _, _ = survivors(made(name, model), target(model, [x], [y]))
    assert not (strong & ~weak).any()


nets = st.builds(dict, seed=st.integers(0, 50), steps=st.integers(1, 4), epsilon=st.floats(0.01, 1))


@settings(max_examples=15, deadline=None)
@given(nets)
def test_pgd_is_at_no_sample_weaker_than_fgsm(how):
    generator = np.random.default_rng(how["seed"])
    model = keras.Sequential([keras.Input((5,)), layers.Dense(8, "relu"), layers.Dense(3)])
    model.set_weights([generator.normal(0, 2, each.shape) for each in model.get_weights()])
    at = target(model, [generator.random((30, 5), np.float32)], [generator.integers(0, 3, 30)])
    epsilons = (how["epsilon"], how["epsilon"] / 2)
    weak, _, _ = survivors(made("fgsm", model, epsilons=epsilons), at)
    strong, _, _ = survivors(made("pgd", model, epsilons=epsilons, steps=how["steps"]), at)
    assert not (strong & ~weak).any()


def test_few_steps_come_as_far_as_many(digits, digits_mlp):
    x, y = (part[:200] for part in digits)
    counts = [
        survivors(made("pgd", digits_mlp, steps=steps), target(digits_mlp, [x], [y]))[0].sum()
        for steps in (5, 20)
    ]
    assert counts[1] <= counts[0] <= counts[1] + 8


def test_pgd_finds_what_the_one_of_foolbox_finds(digits, digits_mlp):
    foolbox = library.foolbox
    x, y = (part[:200] for part in digits)
    *hidden, last = digits_mlp.layers
    head = layers.Dense(10)
    logits = keras.Sequential([keras.Input((8, 8, 1)), *hidden, head])
    head.set_weights(last.get_weights())
    model = foolbox.TensorFlowModel(logits, bounds=(0, 1), device="/CPU:0")
    attack = foolbox.attacks.LinfPGD(steps=20, rel_stepsize=0.125)
    _, _, fooled = attack(model, tf.constant(x), tf.constant(y), epsilons=list(EPSILONS))
    robust, _, _ = survivors(made("pgd", digits_mlp, steps=20), target(digits_mlp, [x], [y]))
    assert (robust & fooled.numpy()).sum() <= 2  # random starts differ
    assert (~robust & ~fooled.numpy()).sum() <= 6


def test_random_starts_help_and_go_on_with_those_that_stand(digits, digits_mlp):
    x, y = (part[:300] for part in digits)
    one, many = (
        survivors(made("pgd", digits_mlp, steps=3, restarts=n), target(digits_mlp, [x], [y]))[0]
        for n in (1, 6)
    )
    assert many.sum() < one.sum()


@pytest.mark.parametrize("name", ("fmn", "hopskipjump"))
def test_distances_are_those_at_which_the_model_is_fooled(name, victim):
    model, x, y = victim
    epsilons = (0.02, 0.08, 0.3)
    at = target(model, [x], [y])
    robust, _, attempt = survivors(made(name, model, epsilons=epsilons), at)
    distances = attempt.distances
    right = attempt.forms[0].numpy().argmax(axis=1) == y
    assert (distances[~right] == 0).all()
    assert (distances[right] > 0).all()
    for epsilon, row in zip(epsilons, robust, strict=True):
        assert not (row & (distances < epsilon * (1 - 1e-5))).any()
        assert (row | (distances <= epsilon * (1 + 1e-5))).all()


def test_one_run_of_fmn_gives_about_the_curve_of_many_of_pgd(digits, digits_mlp):
    x, y = (part[:150] for part in digits)
    epsilons = (0.02, 0.05, 0.1, 0.2)
    at = target(digits_mlp, [x], [y])
    curve, _, _ = survivors(made("fmn", digits_mlp, epsilons=epsilons, steps=100), at)
    points, _, _ = survivors(made("pgd", digits_mlp, epsilons=epsilons, steps=40), at)
    np.testing.assert_allclose(curve.mean(axis=1), points.mean(axis=1), atol=0.03)


def staircase():
    """Return a classifier whose gradient is zero everywhere: it rounds its inputs."""
    x = keras.Input((6,))
    model = keras.Model(x, layers.Dense(3)(keras.ops.round(100 * x) / 100))
    generator = np.random.default_rng(1)
    model.set_weights([generator.normal(0, 1, each.shape) for each in model.get_weights()])
    x = generator.random((40, 6)).astype("float32")
    return model, x, model.predict(x, verbose=0).argmax(axis=1)


def test_a_model_that_hides_its_gradient_cannot_be_judged_by_it():
    model, x, y = staircase()
    found = evaluate(model, model, (x, y), epsilons=(0.2,), attack="pgd")["robust_accuracy@0.2"]
    assert "the gradient of the original model is zero" in found.reason


@pytest.mark.parametrize("name", ("hopskipjump", STRONG))
def test_a_model_that_hides_its_gradient_is_caught_by_its_answers(name):
    model, x, y = staircase()
    data = x[:20], y[:20]
    found = evaluate(model, model, data, epsilons=(0.2,), attack=name)["robust_accuracy@0.2"]
    assert found.reason is None
    assert found.before < 0.6
