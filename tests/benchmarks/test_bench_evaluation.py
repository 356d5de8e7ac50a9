"""Evaluating, attacking, saving and recognising a model, next to what Keras takes for it."""

from __future__ import annotations

import hashlib

import keras
import nets
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.keras_io.digest import digest
from pytest_paoding.engine.keras_io.save import save_model

pytestmark = pytest.mark.benchmark
EPSILONS = (0.01, 0.03, 0.1)


@pytest.fixture(scope="module")
def models():
    """The network of issue and paper, and half of it."""
    return [nets.mlp(784, *hidden, 10) for hidden in ((128, 128, 64), (64, 64, 32))]


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    images = generator.random((1000, 784)).astype("float32")
    return images, generator.integers(0, 10, 1000)


def by_hand(models, data):
    """Return right answers before and after the attack, in plain Keras."""
    images, labels = tf.constant(data[0]), data[1]
    found = []
    for model in models:
        with tf.GradientTape() as tape:
            tape.watch(images)
            truth = keras.losses.sparse_categorical_crossentropy(
                labels, model(images), from_logits=True
            )
        step = tf.sign(tape.gradient(truth, images))
        inputs = [images, *(tf.clip_by_value(images + e * step, 0, 1) for e in EPSILONS)]
        scores = [model.predict(each, verbose=0) for each in inputs]
        found.append([(each.argmax(axis=1) == labels).mean() for each in scores])
    return found


def test_robust_accuracy_of_a_thousand_images_takes_less_than_by_hand(ratio, models, data):
    assert (
        ratio(lambda: evaluate(*models, data, epsilons=EPSILONS), lambda: by_hand(models, data)) < 1
    )


def test_three_epsilons_share_one_gradient(ratio, models, data):
    three = lambda: evaluate(*models, data, epsilons=EPSILONS)  # noqa: E731
    assert ratio(three, lambda: evaluate(*models, data, epsilons=EPSILONS[:1])) < 2.5


def test_a_stream_costs_little_more_than_arrays(ratio, models, data):
    def stream():
        batches = ([part[start : start + 250] for part in data] for start in range(0, 1000, 250))
        return evaluate(*models, batches, epsilons=EPSILONS)

    assert ratio(stream, lambda: evaluate(*models, data, epsilons=EPSILONS)) < 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # by Keras, when it saves
def test_saving_lean_costs_at_most_another_copy(ratio, tmp_path):
    model = nets.mlp(1024, 2048, 2048, 10)
    plain, lean = tmp_path / "plain.keras", tmp_path / "lean.keras"
    assert ratio(lambda: save_model(model, lean), lambda: model.save(plain)) < 3


def test_a_digest_costs_little_more_than_hashing(ratio):
    model = nets.mlp(1024, 2048, 2048, 10)
    content = b"".join(each.numpy().tobytes() for each in model.weights)
    assert ratio(lambda: digest(model), lambda: hashlib.sha256(content).digest()) < 3
