"""Corruptions, next to what the libraries make that the benchmark was made with."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from pytest_paoding.engine.evaluation.accuracy import paired
from pytest_paoding.engine.evaluation.corrupted import corruption_metrics
from pytest_paoding.engine.evaluation.corruption import Corruptions
from pytest_paoding.engine.evaluation.data.judging_data import Batch
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.ports import Port
from pytest_paoding.records.evidence import Contrast
from support.judged import answers, observed

KINDS = ("noise", "blur", "brightness", "contrast")
ALL = {"kinds": KINDS, "severities": (1, 2, 3, 4, 5)}
layers = keras.layers


def made(shapes, **options):
    inputs = tuple(Port((f"x{n}",), shape, "float32") for n, shape in enumerate(shapes))
    return Corruptions(
        **({**ALL, "inputs": inputs, "ranges": ((0.0, 1.0),) * len(shapes)} | options)
    )


def images(*shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype("float32")


def versions(corruptions, *inputs, number=0):
    """Return by kind and severity what becomes of the inputs."""
    found = corruptions.corrupted(inputs, number)
    return {
        version: [each.numpy() for each in parts]
        for version, parts in zip(corruptions.versions, found, strict=True)
    }


def test_blur_is_the_filter_of_scipy():
    x = images(3, 20, 15, 2)
    found = versions(made([(20, 15, 2)]), x)
    for severity, deviation in enumerate((0.4, 0.6, 0.7, 0.8, 1.0), 1):
        expected = gaussian_filter(x, (0, deviation, deviation, 0), mode="nearest", truncate=4)
        np.testing.assert_allclose(found["blur", severity][0], expected, atol=2e-6)


def test_brightness_is_the_value_of_a_colour():
    x = images(2, 4, 4, 3)
    x[0, 0, 0] = 0
    found = versions(made([(4, 4, 3)]), x)["brightness", 4][0]
    for pixel, brighter in zip(x.reshape(-1, 3), found.reshape(-1, 3), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*pixel)
        expected = colorsys.hsv_to_rgb(hue, saturation, min(value + 0.2, 1))
        np.testing.assert_allclose(brighter, expected, atol=1e-6)


def test_brightness_of_grey_is_added():
    x = images(2, 4, 4, 1)
    found = versions(made([(4, 4, 1)]), x)["brightness", 5][0]
    np.testing.assert_allclose(found, np.minimum(x + 0.3, 1), atol=1e-6)


def test_contrast_shrinks_towards_the_mean_of_each_channel_and_image():
    x = images(3, 5, 6, 2)
    found = versions(made([(5, 6, 2)]), x)["contrast", 5][0]
    mean = x.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(found, (x - mean) * 0.15 + mean, atol=1e-6)


def test_noise_is_normal_grows_with_severity_and_differs_by_batch_and_seed():
    x = np.full((40, 30, 30, 1), 0.5, "float32")
    found = versions(made([(30, 30, 1)]), x)
    for severity, deviation in enumerate((0.04, 0.06, 0.08, 0.09, 0.10), 1):
        noise = found["noise", severity][0] - x
        assert noise.std() == pytest.approx(deviation, rel=0.02)
        assert abs(noise.mean()) < 0.002
    again = versions(made([(30, 30, 1)]), x)["noise", 1][0]
    np.testing.assert_array_equal(found["noise", 1][0], again)
    for other in (
        versions(made([(30, 30, 1)], seed=1), x),
        versions(made([(30, 30, 1)]), x, number=1),
    ):
        assert (other["noise", 1][0] != again).mean() > 0.9


def test_large_images_suffer_more():
    x = images(1, 64, 70, 3)
    found = versions(made([(64, 70, 3)]), x)
    expected = gaussian_filter(x, (0, 6, 6, 0), mode="nearest", truncate=4)
    np.testing.assert_allclose(found["blur", 5][0], expected, atol=5e-6)
    small = versions(made([(63, 70, 3)]), x[:, :63])
    np.testing.assert_allclose(
        small["blur", 5][0],
        gaussian_filter(x[:, :63], (0, 1, 1, 0), mode="nearest", truncate=4),
        atol=2e-6,
    )


@pytest.mark.parametrize("kind", ("blur", "brightness", "contrast"))
def test_channels_may_come_first(kind):
    x = images(2, 9, 8, 3)
    last = versions(made([(9, 8, 3)], kinds=(kind,)), x)
    first = versions(
        made([(3, 9, 8)], kinds=(kind,), channels_first=True), np.moveaxis(x, -1, 1).copy()
    )
    for version, (found,) in first.items():
        np.testing.assert_allclose(np.moveaxis(found, 1, -1), last[version][0], atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(low=st.floats(-300, 300), width=st.floats(0.01, 600), seed=st.integers(0, 9))
def test_ranges_are_kept_and_scale_what_is_done(low, width, seed):
    x = images(3, 6, 6, 1, seed=seed)
    one = versions(made([(6, 6, 1)]), x)
    scaled = (x * np.float32(width) + np.float32(low)).clip(low, low + width).astype("float32")
    other = versions(made([(6, 6, 1)], ranges=((low, low + width),)), scaled)
    for version, (found,) in other.items():
        assert found.min() >= np.float32(low)
        assert found.max() <= np.float32(low + width)
        expected = one[version][0] * width + low
        np.testing.assert_allclose(found, expected, atol=width * 1e-4 + abs(low) * 1e-5)


def test_what_is_no_image_gets_noise_and_whole_numbers_nothing():
    ports = (Port(("image",), (6, 6, 1), "float32"), Port(("text",), (3,), "int32"))
    ports = (*ports, Port(("sound",), (4,), "float64"))
    corruptions = made([], inputs=ports, ranges=((0.0, 1.0), None, (-1.0, 1.0)))
    inputs = images(2, 6, 6, 1), np.arange(6).reshape(2, 3), images(2, 4).astype("float64")
    for (kind, _), (image, text, sound) in versions(corruptions, *inputs).items():
        assert (image != inputs[0]).any()
        np.testing.assert_array_equal(text, inputs[1])
        assert (sound != inputs[2]).any() == (kind == "noise")
        assert sound.dtype == "float64"
    alone = made([], inputs=ports[2:], ranges=((-1.0, 1.0),))
    assert {kind for kind, _ in alone.versions} == {"noise"}


def test_refusals_name_the_input():
    batch = Batch((images(2, 4),), {0: np.zeros(2, int)})
    assert made([(4,)]).refusal(batch) is None
    assert made([(4,)]).refusal(Batch(batch.inputs, {})) == "the data has no labels"
    assert made([(4,)], kinds=("blur", "contrast")).refusal(batch) == (
        "the model has no image to apply blur or contrast to"
    )
    infinite = made([(4,)], ranges=((0.0, np.inf),))
    assert infinite.refusal(batch) == "input 'x0' has no finite range: set input_range"
    assert "outside its range 2 to 3" in made([(4,)], ranges=((2.0, 3.0),)).refusal(batch)


def test_accuracies_are_means_over_kinds_and_severities(digits, digits_cnn, digits_mlp):
    x, y = (part[:300] for part in digits)
    options = {"corruptions": KINDS, "severities": (2, 5)}
    found = evaluate(digits_cnn, digits_mlp, (x, y), **options)
    shape = made([(8, 8, 1)], severities=(2, 5))
    rows = {"before": [], "after": []}
    for number, part in enumerate((slice(0, 250), slice(250, 300))):
        for (worse,) in versions(shape, x[part], number=number).values():
            for side, model in (("before", digits_cnn), ("after", digits_mlp)):
                classes = model.predict(worse, verbose=0).argmax(axis=1)
                rows[side].append((classes == y[part]).sum())
    before, after = (sum(rows[side]) / 300 / 8 for side in ("before", "after"))
    accuracy, retention = found["corruption_accuracy"], found["corruption_retention"]
    assert (accuracy.before, accuracy.after) == pytest.approx((before, after), abs=1e-3)
    assert accuracy.found == accuracy.after < found["accuracy"].after
    assert retention.found == pytest.approx(accuracy.after / accuracy.before)
    for each in (accuracy, retention):
        low, high = each.interval()
        assert low < each.found < high
        assert each.evidence.samples == 300
    assert accuracy.detail.startswith("noise 0.")
    assert accuracy.detail.endswith("; severities 2, 5")
    assert evaluate(digits_cnn, digits_mlp, (x, y), **options) == found
    assert found["robustness_retention"].reason == "no attack was asked for"


def test_unasked_for_nothing_is_corrupted(samples, digits_mlp):
    assert not any("corruption" in name for name in evaluate(digits_mlp, digits_mlp, samples))


def test_a_model_without_images_is_judged_on_noise(tumours, tumour_mlp):
    found = evaluate(tumour_mlp, tumour_mlp, tumours, corruptions=KINDS)
    assert found["corruption_retention"].found == 1
    assert found["corruption_accuracy"].detail.count(" to ") == 1
    found = evaluate(tumour_mlp, tumour_mlp, tumours, corruptions=("blur",))
    assert found["corruption_accuracy"].reason == "the model has no image to apply blur to"


def test_the_first_axis_is_taken_for_channels_where_layers_do():
    inputs = keras.Input((2, 8, 8))
    outputs = layers.Dense(3)(layers.Flatten(data_format="channels_first")(inputs))
    model = keras.Model(inputs, outputs)
    x, y = images(30, 2, 8, 8), np.arange(30) % 3
    found = evaluate(model, model, (x, y), corruptions=("contrast",), severities=(5,))
    mean = x.mean(axis=(2, 3), keepdims=True)
    classes = model.predict((x - mean) * 0.15 + mean, verbose=0).argmax(axis=1)
    assert found["corruption_accuracy"].found == pytest.approx((classes == y).mean())


def test_a_constant_answer_and_a_reference_of_zero_have_no_retention():
    labels = np.array([[0, 1] * 50])
    rows = np.ones((1, 100), bool)
    fine = answers(labels, corrupted=rows)
    constant = answers(np.zeros_like(labels), corrupted=rows)
    wrong = answers(labels, corrupted=~rows)
    for before, after, reason in (
        (fine, constant, "the pruned model is degenerate"),
        (wrong, fine, "no corrupted sample is right before pruning"),
    ):
        seen = observed(before, after, labels, versions=(("noise", 1),))
        found = corruption_metrics(seen)
        assert found["corruption_retention"].found is None
        assert reason in found["corruption_retention"].reason
        assert found["corruption_accuracy"].found == 1


def intervals(before, after):
    versions = (("noise", 1), ("noise", 5))[: len(before)]
    classes = np.arange(before.shape[1]) % 3
    both = (answers(classes, corrupted=each) for each in (before, after))
    seen = observed(*both, classes, versions=versions)
    return {name: each.interval() for name, each in corruption_metrics(seen).items()}


def test_versions_of_a_sample_are_not_samples():
    right = np.random.default_rng(0).random((2, 80)) < np.array([[0.9], [0.8]])
    once, twice = intervals(right[:1], right[1:]), intervals(right[[0, 0]], right[[1, 1]])
    assert once == twice
    table = paired(right[0], right[1])
    assert once["corruption_accuracy"] == pytest.approx(table.interval(), abs=1e-6)
    ratio = replace(table, contrast=Contrast.RATIO).interval()
    assert once["corruption_retention"] == pytest.approx(ratio, abs=1e-6)


def test_versions_that_fail_at_different_samples_tell_more():
    before = np.ones((2, 80), bool)
    together, apart = before.copy(), before.copy()
    together[:, :8] = False
    apart[0, :8] = apart[1, 8:16] = False
    narrow, wide = (intervals(before, each) for each in (apart, together))
    for name in ("corruption_accuracy", "corruption_retention"):
        assert np.ptp(narrow[name]) < 0.9 * np.ptp(wide[name])


@pytest.mark.parametrize("dtype", ("bfloat16", "float16", "float64"))
def test_inputs_of_any_precision_keep_it(dtype):
    image = keras.Input((8, 8, 1), dtype=dtype)
    model = keras.Model(image, keras.layers.Dense(3)(keras.layers.Flatten()(image)))
    data = np.random.default_rng(0).random((6, 8, 8, 1)), np.arange(6) % 3
    found = evaluate(model, model, data, corruptions=("noise", "blur"), severities=(3,))
    assert found["corruption_accuracy"].after is not None
