"""Models that cannot be judged, or only in part, and what is said of them."""

from __future__ import annotations

import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.engine.evaluation import evaluate as module
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.errors import EvaluationError, PruningError

EPSILONS = (0.02, 0.1)
layers = keras.layers


def broken(model, value):
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    bias = twin.layers[-1].get_weights()[1]
    twin.layers[-1].bias.assign(np.full_like(bias, value))
    return twin


def test_outputs_that_are_not_finite_name_the_model(digits, digits_mlp):
    x, y = (part[:20] for part in digits)
    for value in (np.nan, np.inf, -np.inf):
        bad = broken(digits_mlp, value)
        for pair, title in (((digits_mlp, bad), "pruned"), ((bad, digits_mlp), "original")):
            with pytest.raises(EvaluationError) as caught:
                evaluate(*pair, (x, y), epsilons=(0.1,))
            assert str(caught.value) == (
                f"the outputs of the {title} model are not finite for 20 of 20 samples: "
                f"layer {bad.layers[-1].name!r} is the first that is not"
            )


def test_a_class_that_is_ruled_out_is_finite(digits, digits_mlp):
    bad = broken(digits_mlp, 0)
    bias = bad.layers[-1].bias.numpy()
    bias[9] = -np.inf
    bad.layers[-1].bias.assign(bias)
    found = evaluate(digits_mlp, bad, digits)
    assert 0 < found["accuracy"].after < found["accuracy"].before


def test_a_dead_model_has_neither_a_gradient_nor_a_retention(digits, digits_mlp):
    dead = broken(digits_mlp, 1)
    dead.layers[-1].kernel.assign(dead.layers[-1].kernel * 0)
    dead.layers[-1].bias.assign(np.arange(10))
    found = evaluate(digits_mlp, dead, digits, epsilons=(0.1,))
    assert "class 9 for 100.0% of samples" in found["accuracy_decay"].reason
    assert "gradient of the pruned model is zero" in found["robustness_retention"].reason


def test_unknown_outputs_are_noted(digits):
    image = keras.Input((8, 8, 1))
    head = layers.Dense(10, "softmax")
    flat = layers.Flatten()(image)
    model = keras.Model(image, layers.Average(name="mean")([head(flat), head(flat)]))
    found = evaluate(model, model, digits)
    note = "1797 samples; output 'mean' taken for probabilities by its values"
    assert found["accuracy"].detail == note


def test_progress_counts_samples(digits, digits_mlp):
    x, y = (part[:600] for part in digits)
    told = []
    evaluate(digits_mlp, digits_mlp, (x, y), progress=lambda *each: told.append(each))
    assert told == [("evaluating", done, 600) for done in (250, 500, 600)]
    told.clear()
    stream = iter([(x[:200], y[:200]), (x[200:], y[200:])])
    evaluate(digits_mlp, digits_mlp, stream, progress=lambda *each: told.append(each))
    assert told == [("evaluating", done, done) for done in (200, 450, 600)]


def test_batches_shrink_where_tensors_are_large(digits, digits_cnn, monkeypatch):
    x, y = (part[:50] for part in digits)
    told = []
    monkeypatch.setattr(module, "_MOST_VALUES", 20_000)
    evaluate(digits_cnn, digits_cnn, (x, y), progress=lambda *each: told.append(each[1]))
    assert told[0] < 20
    assert told[-1] == 50


def test_lengths_that_are_not_fixed_are_taken_from_the_data():
    words = keras.Input((None,), dtype="int32")
    hidden = layers.GlobalMaxPooling1D()(layers.Embedding(50, 100)(words))
    model = keras.Model(words, layers.Dense(2, "softmax")(hidden))
    x, y = np.zeros((9, 40), int), np.array([0, 1] * 4 + [1])
    found = evaluate(model, model, (x, y), epsilons=(0.1,))
    assert found["agreement"].found == 1
    assert (
        found["robustness_retention"].reason
        == "the model has no input of floating-point numbers to change"
    )


def test_a_model_that_makes_absurdly_large_tensors_is_refused():
    inputs = keras.Input((8,))
    wide = layers.RepeatVector(10**9, name="repeat")(inputs)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalMaxPooling1D()(wide)))
    with pytest.raises(EvaluationError, match=r"layer 'repeat' makes 8,000,000,000 values of one"):
        evaluate(model, model, (np.zeros((2, 8)), [0, 1]))


def test_models_are_as_they_were(digits, digits_cnn):
    def state():
        return [each.numpy() for each in digits_cnn.variables]

    before, nodes = state(), [len(layer._inbound_nodes) for layer in digits_cnn.layers]
    keras.utils.set_random_seed(4)
    expected = [random.random(), np.random.rand(), float(tf.random.uniform(()))]  # noqa: NPY002 # the global generators are meant
    keras.utils.set_random_seed(4)
    evaluate(digits_cnn, digits_cnn, digits, epsilons=EPSILONS)
    for old, new in zip(before, state(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert nodes == [len(layer._inbound_nodes) for layer in digits_cnn.layers]
    found = [random.random(), np.random.rand(), float(tf.random.uniform(()))]  # noqa: NPY002 # as above
    assert found == expected


def test_a_model_without_a_graph_is_refused():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(PruningError, match="without a graph"):
        evaluate(Own(), Own(), (np.zeros((1, 2)), [0]))


IMPASSABLE = {
    "AdaptiveAveragePooling1D": lambda: layers.AdaptiveAveragePooling1D(1, name="stuck"),
    "Reshape": lambda: layers.Reshape((7, 4), name="stuck"),
}
"""Layers that a model of open length is made with, and that no series of 6 steps can pass."""


@pytest.mark.parametrize("name", [each for each in IMPASSABLE if hasattr(layers, each)])
def test_a_layer_that_the_data_cannot_pass_is_named(name):
    inputs = keras.Input((None, 3))
    stuck = IMPASSABLE[name]()(layers.Conv1D(4, 1)(inputs))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(stuck)))
    with pytest.raises(EvaluationError) as caught:
        evaluate(model, model, (np.zeros((4, 6, 3)), [0, 1, 0, 1]))
    assert str(caught.value).startswith(
        "the original model cannot be run on the data: layer 'stuck' cannot be run on values of"
    )
    assert "\n" not in str(caught.value)


def test_outputs_that_mix_samples_are_refused_with_their_name():
    inputs = keras.Input((4,))
    scores = layers.Dense(2, name="scores")(keras.ops.reshape(layers.Dense(4)(inputs), (-1, 2)))
    model = keras.Model(inputs, scores)
    for epsilons in ((), (0.1,)):
        with pytest.raises(
            EvaluationError, match=r"output 'scores' of the original model .* not a"
        ):
            evaluate(model, model, (np.zeros((4, 4)), [0, 1, 0, 1]), epsilons=epsilons)


def test_a_model_without_a_gradient_is_judged_but_not_attacked_by_one():
    """A slice that is updated has no gradient where TensorFlow compiles it."""
    inputs = keras.Input((4,))
    hidden = keras.ops.slice_update(layers.Dense(4)(inputs), (0, 0), keras.ops.ones((1, 2)))
    model = keras.Model(inputs, layers.Dense(2)(hidden))
    data = np.random.default_rng(0).random((4, 4), np.float32), [0, 1, 0, 1]
    found = evaluate(model, model, data, epsilons=(0.1,))
    assert found["agreement"].found == 1
    assert "has no gradient" in found["robustness_retention"].reason
    assert "attack='hopskipjump' needs none" in found["robustness_retention"].reason
    searched = evaluate(model, model, data, epsilons=(0.1,), attack="hopskipjump", attack_steps=2)
    assert searched["robust_accuracy@0.1"].after is not None


def test_fidelity_on_inputs_that_a_model_refuses_is_undefined(digits):
    class Choosy(layers.Layer):
        def call(self, x):
            if x.shape[0] is not None and x.shape[0] > 100:
                raise RuntimeError("too many at once")
            return x

    image = keras.Input((8, 8, 1))
    model = keras.Model(image, layers.Dense(10)(layers.Flatten()(Choosy(name="choosy")(image))))
    found = evaluate(model, model, [part[:50] for part in digits], measure=("fidelity",))
    assert found["agreement"].found == 1
    assert found["synthetic_agreement"].reason.startswith("layer 'choosy' cannot be run on")
