from __future__ import annotations

import os
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pytest_paoding.engine.evaluation.attacks.gradient_sign import FastGradientSign
from pytest_paoding.engine.evaluation.attacks.legal_range import legal_ranges
from pytest_paoding.engine.evaluation.data.judging_data import Batch
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.evaluation.observing.predict import Predictor
from pytest_paoding.engine.evaluation.tasks.output_task import Truth
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.ports import Port
from pytest_paoding.errors import PruningError
from support.judged import class_tasks

EPSILONS = (0.01, 0.05, 0.2)


@pytest.fixture(scope="module")
def foolbox():
    """The reference implementation; it warns of what it uses itself."""
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"  # it imports GitPython, which asks for git
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import foolbox as module  # noqa: PLC0415 - needs the environment above
    return module


def without_softmax(model):
    """Return a twin that ends in logits, made by hand."""
    *hidden, last = model.layers
    head = keras.layers.Dense(last.units)
    twin = keras.Sequential([keras.Input(model.input_shape[1:]), *hidden, head])
    head.set_weights(last.get_weights())
    return twin


def reference(foolbox, logits, x, y):
    """Return foolbox's adversarial inputs, and whether they still are classified right."""
    model = foolbox.TensorFlowModel(logits, bounds=(0, 1), device="/CPU:0")
    attack = foolbox.attacks.LinfFastGradientAttack()
    _, clipped, fooled = attack(model, tf.constant(x), tf.constant(y), epsilons=list(EPSILONS))
    return [each.numpy() for each in clipped], ~fooled.numpy()


def ours(model, x, y):
    signature = signature_of(model)
    predictor = Predictor(model, signature, class_tasks(model), "original")
    attack = FastGradientSign(epsilons=EPSILONS, inputs=signature.inputs, ranges=((0.0, 1.0),))
    inputs = [tf.constant(x)]
    _, gradients = predictor.gradients(inputs, [y.astype("int64")])
    found = [each[0] for each in attack.examples(inputs, gradients)]
    right = [predictor.forms([each])[0].numpy().argmax(axis=1) == y for each in found]
    return [each.numpy() for each in found], np.array(right)


@pytest.mark.parametrize("kind", ("softmax", "logits", "convolutional"))
def test_it_equals_foolbox_sample_for_sample(kind, foolbox, digits, digits_mlp, digits_cnn):
    x, y = digits
    model = digits_cnn if kind == "convolutional" else digits_mlp
    twin = without_softmax(digits_mlp)
    logits = (lambda each: keras.ops.log(digits_cnn(each))) if kind == "convolutional" else twin
    examples, robust = reference(foolbox, logits, x, y)
    found, right = ours(twin if kind == "logits" else model, x, y)
    np.testing.assert_array_equal(right, robust)
    assert 0 < robust[2].mean() < robust[0].mean() < 1
    if kind != "convolutional":
        for each, expected in zip(found, examples, strict=True):
            np.testing.assert_allclose(each, expected, rtol=0, atol=1e-7)


def test_it_equals_foolbox_on_a_single_sigmoid_unit(foolbox, tumours, tumour_mlp):
    x, y = tumours
    twin = without_softmax(tumour_mlp)
    examples, robust = reference(
        foolbox, lambda each: tf.concat([tf.zeros((len(each), 1)), twin(each)], axis=1), x, y
    )
    found, right = ours(tumour_mlp, x, y)
    np.testing.assert_array_equal(right, robust)
    for each, expected in zip(found, examples, strict=True):
        np.testing.assert_allclose(each, expected, rtol=0, atol=1e-7)


def test_robust_accuracy_counts_what_foolbox_leaves_right(foolbox, digits, digits_mlp, narrow_mlp):
    x, y = digits
    found = evaluate(digits_mlp, narrow_mlp, (x, y), epsilons=EPSILONS)
    for model, side in ((digits_mlp, "before"), (narrow_mlp, "after")):
        logits = without_softmax(model)
        _, robust = reference(foolbox, logits, x, y)
        clean = logits(x).numpy().argmax(axis=1) == y
        for epsilon, row in zip(EPSILONS, robust, strict=True):
            measured = getattr(found[f"robust_accuracy@{epsilon:g}"], side)
            assert measured == (row & clean).mean()


@settings(max_examples=30)
@given(
    x=arrays.arrays(np.float32, (3, 4), elements=st.floats(-2, 5, width=32, allow_subnormal=False)),
    gradient=arrays.arrays(
        np.float32, (3, 4), elements=st.floats(-1, 1, width=32, allow_subnormal=False)
    ),
    epsilon=st.floats(0.0009765625, 4, width=32),
)
def test_examples_stay_near_and_legal_and_go_uphill(x, gradient, epsilon):
    port = Port(("x",), (4,), "float32")
    attack = FastGradientSign(epsilons=(epsilon,), inputs=(port,), ranges=((-2.0, 5.0),))
    ((found,),) = attack.examples([tf.constant(x)], [tf.constant(gradient)])
    change = found.numpy() - x
    assert np.abs(change).max() <= epsilon * (1 + 1e-6) + 1e-6
    assert found.numpy().min() >= -2
    assert found.numpy().max() <= 5
    assert (change * gradient >= 0).all()
    assert (change[gradient == 0] == 0).all()


IMAGE, WORDS, SOUND = (
    Port((name,), (2,), dtype)
    for name, dtype in (("image", "float32"), ("words", "int32"), ("sound", "float16"))
)


def test_only_floating_point_inputs_are_attacked():
    attack = FastGradientSign(epsilons=(0.5,), inputs=(IMAGE, WORDS), ranges=((0.0, 1.0), None))
    inputs = [tf.constant([[0.2, 0.9]]), tf.constant([[3, 4]])]
    ((image, words),) = attack.examples(inputs, [tf.constant([[-1.0, 2.0]]), None])
    assert image.numpy().tolist() == [[0, 1]]
    assert words is inputs[1]


@pytest.mark.parametrize(
    ("given_range", "found"),
    (
        ((0, 255), ((0.0, 255.0), None, (0.0, 255.0))),
        ({"sound": (-1, 1), "image": [0, 1]}, ((0.0, 1.0), None, (-1.0, 1.0))),
        ({"sound": (-2, 1)}, ((0.0, 255.0), None, (-2.0, 1.0))),
        (None, ((0.0, 255.0), None, (-np.inf, np.inf))),
    ),
)
def test_a_range_holds_for_all_inputs_or_by_name_and_is_read_off_otherwise(given_range, found):
    image, words = keras.Input((4, 4, 1), name="image"), keras.Input((3,), dtype="int32", name="w")
    sound = keras.Input((5,), name="sound")
    normed = keras.layers.Normalization(mean=[1.0] * 5, variance=[4.0] * 5)(sound)
    outputs = [keras.layers.Rescaling(1 / 255)(image), keras.layers.Embedding(9, 2)(words), normed]
    graph = read_graph(keras.Model([image, words, sound], outputs))
    assert legal_ranges(sources_of(graph, given_range)) == found


@pytest.mark.parametrize(
    ("given_range", "message"),
    (
        (
            {"picture": (0, 1)},
            "input_range names 'picture': the inputs of the model are 'image'",
        ),
        ((1, 1), "not finite and rising"),
        ((0, float("nan")), "not finite and rising"),
    ),
)
def test_a_range_that_does_not_fit_is_refused(given_range, message):
    graph = read_graph(keras.Sequential([keras.Input((4,), name="image"), keras.layers.Dense(2)]))
    with pytest.raises(PruningError, match=message):
        sources_of(graph, given_range)


def batch(*values, labels=True):
    part = np.array([values], "float32")
    return Batch((part,), {0: Truth(np.zeros(1, np.int64))} if labels else {})


def test_what_cannot_be_attacked_is_said():
    attack = FastGradientSign(epsilons=(0.1,), inputs=(IMAGE,), ranges=((0.0, 1.0),))
    assert attack.refusal(batch(0.0, 1.0)) is None
    assert attack.refusal(batch(-1e-7, 1 + 1e-7)) is None  # rounding
    assert attack.refusal(batch(0.0, 1.0, labels=False)) == "the data has no labels"
    assert attack.refusal(batch(-3.0, 200.0)) == (
        "input 'image' runs from -3 to 200, outside its range 0 to 1: set input_range"
    )
    unbounded = FastGradientSign(epsilons=(0.1,), inputs=(IMAGE,), ranges=((0.0, float("inf")),))
    assert unbounded.refusal(batch(0.0, 1e30)) is None
    assert "outside its range 0 to inf" in unbounded.refusal(batch(-1.0, 0.0))
    text_only = FastGradientSign(epsilons=(0.1,), inputs=(WORDS,), ranges=(None,))
    assert (
        text_only.refusal(batch(1.0))
        == "the model has no input of floating-point numbers to change"
    )
