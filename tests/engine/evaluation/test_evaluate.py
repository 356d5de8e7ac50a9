"""Evaluation as a whole: every metric, every kind of data."""

from __future__ import annotations

import json
from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.errors import DataError

EPSILONS = (0.02, 0.1)
layers = keras.layers


def plain(found):
    return {name: (each.before, each.after, each.found) for name, each in found.items()}


def test_every_metric_is_what_keras_and_the_definition_say(digits, digits_mlp, narrow_mlp):
    x, y = digits
    found = evaluate(digits_mlp, narrow_mlp, (x, y), epsilons=EPSILONS)
    before, after = (
        model.predict(x, verbose=0).argmax(axis=1) for model in (digits_mlp, narrow_mlp)
    )
    assert found["accuracy"].before == (before == y).mean() > 0.9
    assert found["accuracy"].after == found["accuracy"].found == (after == y).mean()
    assert found["agreement"].found == (before == after).mean()
    assert found["parameters"].before == 64 * 32 + 32 + 32 * 10 + 10
    assert found["parameters_removed"].found == pytest.approx(1 - (65 * 6 + 70) / 2410)
    assert found["flops"].after == 2 * (64 * 6 + 60)
    rows = [found[f"robust_accuracy@{epsilon:g}"] for epsilon in EPSILONS]
    assert found["accuracy"].before > rows[0].before > rows[1].before > 0
    ratios = [row.after / row.before for row in rows]
    assert found["robustness_retention"].found == pytest.approx(min(ratios))
    assert 0 < found["robustness_overlap"].found < 1
    json.dumps({name: [each.before, each.after, each.found] for name, each in found.items()})


def test_without_data_only_costs_are_measured(digits_mlp, narrow_mlp):
    costs = {"parameters", "parameters_removed", "flops", "flops_reduction", "activation_memory"}
    fidelity = {"synthetic_agreement", "output_divergence"}
    assert set(evaluate(digits_mlp, narrow_mlp)) == costs | fidelity


def test_what_is_asked_for_is_measured_besides(digits, digits_mlp, narrow_mlp):
    data = tuple(part[:50] for part in digits)
    alone = evaluate(digits_mlp, narrow_mlp, data)
    more = evaluate(digits_mlp, narrow_mlp, data, measure=("fidelity", "latency"))
    assert set(more) - set(alone) == {
        "synthetic_agreement",
        "output_divergence",
        "latency_ratio",
        "batch_latency_ratio",
    }
    assert {name: more[name] for name in alone} == alone


def without_rounding(found):
    """Return the figures that are counts, and the divergence, which is a mean of outputs.

    Products of a few rows and of many are summed in another order, on some processors: outputs
    differ by some units of 6e-8 then.
    """
    return {name: each for name, each in found.items() if name != "divergence"}, found[
        "divergence"
    ][2]


@settings(max_examples=6)
@given(st.lists(st.integers(0, 300), max_size=4))
def test_streaming_gives_the_same_numbers(digits, digits_mlp, narrow_mlp, cuts):
    x, y = (part[:300] for part in digits)
    bounds = [0, *sorted(cuts), 300]
    parts = [slice(*pair) for pair in pairwise(bounds)]
    stream = ((x[part], y[part]) for part in parts)
    whole = evaluate(digits_mlp, narrow_mlp, (x, y), epsilons=EPSILONS)
    found = evaluate(digits_mlp, narrow_mlp, stream, epsilons=EPSILONS)
    counts, divergence = without_rounding(plain(whole))
    assert without_rounding(plain(found)) == (counts, pytest.approx(divergence, rel=1e-6))


def test_every_kind_of_data_and_label_gives_the_same_numbers(digits, digits_mlp, narrow_mlp):
    x, y = digits
    one_hot = np.eye(10)[y]
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(100)
    kinds = [
        ({"image": x}, {"digit": one_hot}),
        (x[..., 0].astype(float), y[:, None]),
        dataset,
        iter([(x[:1000], one_hot[:1000]), (x[1000:], one_hot[1000:])]),
    ]
    expected = plain(evaluate(digits_mlp, narrow_mlp, (x, y), epsilons=EPSILONS))
    divergence = expected.pop("divergence")[2]
    for data in (*kinds, dataset.shuffle(30)):
        found = plain(evaluate(digits_mlp, narrow_mlp, data, epsilons=EPSILONS))
        assert without_rounding(found) == (expected, pytest.approx(divergence, rel=1e-6))


def test_the_numbers_are_the_same_every_time(digits, digits_cnn):
    runs = [evaluate(digits_cnn, digits_cnn, digits, epsilons=EPSILONS) for _ in range(2)]
    assert runs[0] == runs[1]
    assert runs[0]["robustness_overlap"].found == 1


def test_a_single_sigmoid_unit_is_judged_by_its_sign(tumours, tumour_mlp):
    x, y = tumours
    found = evaluate(tumour_mlp, tumour_mlp, tumours, epsilons=(0.05,))
    right = (tumour_mlp.predict(x, verbose=0)[:, 0] > 0.5) == y
    assert found["accuracy"].found == right.mean() > 0.9
    assert 0 < found["robust_accuracy@0.05"].found < right.mean()


@pytest.fixture(scope="module")
def two_headed(digits):
    """Is it even, and is it a loop: two outputs and a picture that nobody judges."""
    keras.utils.set_random_seed(2)
    image = keras.Input((8, 8, 1), name="image")
    hidden = layers.Dense(16, "relu")(layers.Flatten()(image))
    even = layers.Dense(1, "sigmoid", name="even")(hidden)
    third = layers.Dense(3, "softmax", name="third")(hidden)
    picture = layers.Reshape((8, 8), name="picture")(layers.Dense(64)(hidden))
    model = keras.Model(image, [even, third, picture])
    x, y = digits
    targets = [(y % 2 == 0).astype(int), y % 3, np.zeros((len(x), 8, 8))]
    model.compile("adam", ["binary_crossentropy", "sparse_categorical_crossentropy", "mse"])
    model.fit(x, targets, epochs=3, verbose=0)
    return model


def test_labels_say_which_outputs_are_judged(digits, two_headed):
    x, y = digits
    truth = {"even": (y % 2 == 0).astype(int), "third": y % 3}
    even, third, _ = two_headed.predict(x, verbose=0)
    right = {
        "even": (even[:, 0] > 0.5) == truth["even"],
        "third": third.argmax(axis=1) == truth["third"],
    }
    for names in (["even"], ["third"], ["even", "third"]):
        labels = {name: truth[name] for name in names}
        found = evaluate(two_headed, two_headed, (x, labels), epsilons=(0.05,))
        expected = np.all([right[name] for name in names], axis=0)
        assert found["accuracy"].found == expected.mean()
        assert found["robust_accuracy@0.05"].found < expected.mean()


def test_an_output_of_values_is_judged_beside_those_of_classes(digits, two_headed):
    x, y = digits
    with pytest.raises(DataError, match=r"labels of output 'picture' have the shape \(1797,\)"):
        evaluate(two_headed, two_headed, (x, {"picture": np.zeros(len(x), int)}))
    alone = evaluate(two_headed, two_headed, (x, {"picture": np.zeros((len(x), 8, 8))}))
    assert "'picture' is judged as regression" in alone["accuracy"].reason
    labels = {"third": y % 3, "picture": np.zeros((len(x), 8, 8))}
    third = evaluate(two_headed, two_headed, (x, {"third": y % 3}))
    assert evaluate(two_headed, two_headed, (x, labels))["accuracy"].found == (
        third["accuracy"].found
    )
    assert evaluate(two_headed, two_headed, x)["agreement"].found == 1


def test_all_floating_point_inputs_are_attacked_and_others_left(digits):
    keras.utils.set_random_seed(2)
    x, y = (part[:200] for part in digits)
    left, right = keras.Input((32,), name="left"), keras.Input((32,), name="right")
    words = keras.Input((1,), dtype="int32", name="words")
    told = layers.Flatten()(layers.Embedding(10, 4)(words))
    hidden = layers.Concatenate()([left, right, told])
    model = keras.Model([left, right, words], layers.Dense(10, "softmax")(hidden))
    flat = x.reshape(-1, 64)
    data = {"left": flat[:, :32], "right": flat[:, 32:], "words": np.zeros((200, 1))}
    model.compile(keras.optimizers.Adam(0.03), "sparse_categorical_crossentropy")
    model.fit(data, y, epochs=8, verbose=0)
    ranges = {"left": (0, 1), "right": (0, 1)}
    found = evaluate(model, model, (data, y), epsilons=(0.1, 0.3), input_range=ranges)
    assert found["accuracy"].found > found["robust_accuracy@0.1"].found
    narrow = {"left": (0, 1), "right": (-1e9, 1e9)}
    unclipped = evaluate(model, model, (data, y), epsilons=(0.1, 0.3), input_range=narrow)
    assert unclipped["robust_accuracy@0.3"].found <= found["robust_accuracy@0.3"].found
    assumed = evaluate(model, model, (data, y), epsilons=(0.1, 0.3), input_range={"left": (0, 1)})
    assert assumed["robust_accuracy@0.3"] == found["robust_accuracy@0.3"]


def test_data_outside_the_range_is_judged_but_not_attacked(digits, digits_mlp):
    x, y = digits
    found = evaluate(digits_mlp, digits_mlp, (x * 2 - 1, y), epsilons=(0.1,))
    assert found["accuracy"].found is not None
    for name in ("robust_accuracy@0.1", "robustness_retention", "robustness_overlap"):
        assert found[name].reason == (
            "input 'image' runs from -1 to 1, outside its range 0 to 1: set input_range"
        )
    stream = iter([(x[:300], y[:300]), (x[300:] * 2, y[300:])])
    found = evaluate(digits_mlp, digits_mlp, stream, epsilons=(0.1,))
    assert "runs from 0 to 2" in found["robustness_retention"].reason
    assert found["accuracy"].detail == "1797 samples"


def test_without_labels_only_agreement_is_measured(digits, digits_mlp, narrow_mlp):
    x, y = digits
    found = evaluate(digits_mlp, narrow_mlp, (x, None), epsilons=(0.1,))
    labelled = evaluate(digits_mlp, narrow_mlp, (x, y), epsilons=(0.1,))
    assert found["agreement"] == labelled["agreement"]
    assert (
        found["accuracy"].reason == found["robustness_overlap"].reason == "the data has no labels"
    )
