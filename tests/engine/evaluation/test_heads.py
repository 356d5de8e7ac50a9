from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.engine.evaluation.observing.heads import Head, head_of_values
from pytest_paoding.engine.evaluation.observing.predict import Predictor
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.errors import EvaluationError
from support.judged import class_tasks

layers = keras.layers
X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")


def chain(*stack):
    return keras.Sequential([keras.Input((4,)), *stack])


def by_operations():
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.ops.softmax(layers.Dense(3)(inputs)))


def nested():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, "softmax")])
    return chain(layers.Dense(4, "relu"), inner)


def convolutional():
    return chain(layers.Reshape((1, 1, 4)), layers.Conv2D(3, 1, activation="softmax"))


def half_precision():
    head = layers.Dense(3, "softmax", dtype="mixed_float16")
    return chain(head, layers.Activation("linear", dtype="float32"))


RECOGNISED = {
    "dense softmax": lambda: chain(layers.Dense(3, "softmax")),
    "activation layer": lambda: chain(layers.Dense(3), layers.Activation("softmax")),
    "softmax layer": lambda: chain(layers.Dense(3), layers.Softmax()),
    "log softmax": lambda: chain(layers.Dense(3, "log_softmax")),
    "operation": by_operations,
    "nested": nested,
    "behind dropout": lambda: chain(layers.Dense(3, "softmax"), layers.Dropout(0.5)),
    "behind flatten": lambda: chain(*convolutional().layers, layers.Flatten()),
    "convolutional": convolutional,
    "half precision": half_precision,
    "one sigmoid": lambda: chain(layers.Dense(1, "sigmoid")),
    "sigmoid without axis": lambda: chain(layers.Dense(1, "sigmoid"), layers.Reshape(())),
    "many sigmoids": lambda: chain(layers.Dense(3, "sigmoid")),
    "linear": lambda: chain(layers.Dense(3)),
    "linear without bias": lambda: chain(layers.Dense(3, use_bias=False)),
    "one linear": lambda: chain(layers.Dense(1)),
    "double precision": lambda: chain(layers.Dense(3, "softmax", dtype="float64")),
}


def predictor(model, title="original"):
    signature = signature_of(model)
    return Predictor(model, signature, class_tasks(model), title)


def probabilities(model):
    """What the model itself says, one column per class."""
    scores = model.predict(X, verbose=0).reshape(len(X), -1).astype("float64")
    return np.hstack([1 - scores, scores]) if scores.shape[1] == 1 else scores


@pytest.mark.parametrize("kind", RECOGNISED)
def test_logits_are_what_goes_into_the_last_activation(kind):
    keras.utils.set_random_seed(5)
    model = RECOGNISED[kind]()
    found = predictor(model)
    assert found.settle([X]) == ()  # recognised in the graph, without a look at values
    logits = found.forms([tf.constant(X)])[0].numpy().astype("float64")
    if "linear" in kind:
        expected = model.predict(X, verbose=0)
        assert np.abs(logits[:, -1:] - expected[:, -1:]).max() < 1e-6
    elif kind == "many sigmoids":
        np.testing.assert_allclose(1 / (1 + np.exp(-logits)), probabilities(model), atol=1e-6)
    else:
        soft = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        expected = np.exp(probabilities(model)) if kind == "log softmax" else probabilities(model)
        atol = 2e-3 if kind == "half precision" else 1e-6
        np.testing.assert_allclose(soft, expected, atol=atol)


def test_logits_are_sound_where_probabilities_saturate():
    model = chain(layers.Dense(3, "softmax"))
    model.layers[0].kernel.assign(model.layers[0].kernel * 1e4)
    labels = model.predict(X, verbose=0).argmax(axis=1)
    logits, gradients = predictor(model).gradients([tf.constant(X)], [labels])
    assert np.ptp(logits[0].numpy(), axis=1).min() > 100
    assert np.isfinite(gradients[0].numpy()).all()


def averaged(head):
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Average(name="mean")([head(inputs), head(inputs)]))


@pytest.mark.parametrize(
    ("model", "held"),
    (
        (lambda: averaged(layers.Dense(3, "softmax")), "probabilities"),
        (lambda: averaged(layers.Dense(1, "sigmoid")), "probabilities"),
        (lambda: averaged(layers.Dense(3, lambda x: 9 * x)), "logits"),
        (lambda: averaged(layers.Dense(1, "tanh")), "logits"),
    ),
)
def test_unknown_outputs_are_decided_by_their_values(model, held):
    keras.utils.set_random_seed(5)
    model = model()
    found = predictor(model)
    assert found.settle([X]) == (f"output 'mean' taken for {held} by its values",)
    assert found.settle([X]) == ()
    logits = found.forms([tf.constant(X)])[0].numpy()
    scores = model.predict(X, verbose=0)
    if held == "probabilities":
        soft = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(soft, probabilities(model), atol=1e-6)
    else:
        np.testing.assert_allclose(logits[:, -1], scores[:, -1], atol=1e-6)


def test_a_pruned_model_follows_the_original():
    original, pruned = (averaged(layers.Dense(1, "sigmoid")) for _ in range(2))
    first, second = predictor(original), predictor(pruned, "pruned")
    first.settle([X])
    second.follow(first)
    assert second.settle([X]) == ()
    logits = second.forms([tf.constant(X)])[0].numpy()
    assert np.allclose(
        1 / (1 + np.exp(-logits[:, 1])), pruned.predict(X, verbose=0)[:, 0], atol=1e-6
    )


@pytest.mark.parametrize(
    ("scores", "head"),
    (
        ([[0.2, 0.8], [1, 0]], Head.PROBABILITIES),
        ([[0.2, 0.7], [1, 0]], Head.LOGITS),
        ([[-0.2, 1.2]], Head.LOGITS),
        ([[0.4], [1.0]], Head.PROBABILITIES),
        ([[0.4], [1.1]], Head.LOGITS),
    ),
)
def test_probabilities_lie_in_the_unit_interval_and_sum_to_one(scores, head):
    assert head_of_values(np.array(scores), exclusive=True) is head


class Noisy(layers.Layer):
    def call(self, inputs):
        return inputs + keras.random.normal(keras.ops.shape(inputs), seed=self.seed)

    seed = 3


class Counting(layers.Layer):
    def build(self, _shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, inputs):
        self.calls.assign_add(1.0)
        return inputs + self.calls


@pytest.mark.parametrize("layer", (Noisy, Counting))
def test_a_model_that_is_not_constant_is_refused_before_it_runs(layer):
    model = chain(layer(), layers.Dense(3))
    before = [each.numpy() for each in model.variables]
    with pytest.raises(EvaluationError, match=r"the pruned model is not constant at inference"):
        predictor(model, "pruned")
    for old, new in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, new.numpy())


def test_what_tensorflow_refuses_at_run_time_is_said_in_one_line():
    words = keras.Input((2,), dtype="int32")
    hidden = layers.Flatten()(layers.Embedding(5, 2)(words))
    model = keras.Model(words, layers.Dense(3)(hidden))
    with pytest.raises(
        EvaluationError, match=r"original model cannot be run on the data: .*9"
    ) as caught:
        predictor(model).forms([tf.constant([[1, 9]])])
    assert "\n" not in str(caught.value)


def test_random_layers_are_off_and_a_model_keeps_its_state():
    model = chain(layers.GaussianNoise(1.0), layers.Dropout(0.5), layers.Dense(3))
    before = [each.numpy() for each in model.variables]
    found = predictor(model)
    first, second = (found.forms([tf.constant(X)])[0].numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(before) == len(model.variables)
    for old, new in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, new.numpy())
