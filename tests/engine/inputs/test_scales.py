"""The range of an input is read off what the first layers do with its values."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of

layers, applications = keras.layers, keras.applications
MEANS, VARIANCES = [0.485, 0.456, 0.406], [0.229**2, 0.224**2, 0.225**2]


def behind(*first: Any, shape: tuple[int, ...] = (16, 16, 3), dtype: str = "float32") -> Any:
    x = y = keras.Input(shape, dtype=dtype)
    for layer in first:
        y = layer(y)
    last = layers.Conv2D(4, 3) if len(shape) == 3 else layers.Dense(4)
    return keras.Model(x, last(y))


def recorded(mean: Any, deviation: Any, shape: tuple[int | None, ...]) -> Any:
    norm = layers.BatchNormalization()
    norm.build(shape)
    norm.moving_mean.assign(np.broadcast_to(np.float32(mean), shape[-1]))
    norm.moving_variance.assign(np.broadcast_to(np.float32(deviation) ** 2, shape[-1]))
    return norm


def normalisation(means: Any, variances: Any, axis: Any = -1) -> Any:
    return layers.Normalization(axis=axis, mean=means, variance=variances)


KNOWN = {
    "bytes": ((0, 255), (layers.Rescaling(1 / 255),)),
    "signed bytes": ((0, 255), (layers.Rescaling(1 / 127.5, offset=-1),)),
    "twice": ((0, 255), (layers.Rescaling(1 / 255), layers.Rescaling(2.0, offset=-1))),
    "halves": ((-1, 1), (layers.Rescaling(0.5, offset=0.5),)),
    "sixteen": ((0, 16), (layers.Rescaling(1 / 16),)),
    "resized": ((0, 255), (layers.Resizing(8, 8), layers.Rescaling(1 / 255))),
    "augmented": ((0, 255), (layers.RandomFlip(), layers.Rescaling(1 / 255))),
    "operation": ((0, 255), (lambda x: x / 255.0,)),
    "operations": ((0, 255), (lambda x: (x - 127.5) * (1 / 127.5),)),
    "moved": ((0, 255), (layers.Rescaling(1 / 255), layers.Permute((2, 1, 3)))),
    "tf": ((0, 255), (applications.mobilenet_v2.preprocess_input,)),
    "torch": ((0, 255), (applications.densenet.preprocess_input,)),
    "caffe": ((0, 255), (applications.resnet50.preprocess_input,)),
    "imagenet": (
        (0, 255),
        (normalisation([255 * m for m in MEANS], [255**2 * v for v in VARIANCES]),),
    ),
    "imagenet in [0, 1]": ((0, 1), (normalisation(MEANS, VARIANCES),)),
    "both": ((0, 255), (layers.Rescaling(1 / 255), normalisation(MEANS, VARIANCES))),
    "recorded bytes": ((0, 255), (recorded(125.0, 60.0, (None, None, None, 3)),)),
    "recorded": ((0, 1), (recorded(0.4, 0.25, (None, None, None, 3)),)),
    "turned over": ((0, 1), (lambda x: 1 - x,)),
    "turned over bytes": ((0, 255), (lambda x: 1 - x / 255.0,)),
    "turned over, scaled later": ((0, 255), (lambda x: (255 - x) / 255.0,)),
    "turned over, standardised later": (
        (0, 255),
        (lambda x: 255 - x, normalisation([50.0] * 3, [60.0**2] * 3)),
    ),
    "turned over by a layer": ((0, 255), (layers.Rescaling(-1 / 255, offset=1.0),)),
    "turned over and signed": ((0, 255), (layers.Rescaling(-1 / 127.5, offset=1.0),)),
    "turned over, of sixteen": ((0, 16), (lambda x: 1 - x / 16,)),
    "mostly black": ((0, 1), (lambda x: (x - 0.1307) / 0.3081,)),
    "mostly black bytes": ((0, 255), (lambda x: (x - 72.94) / 90.02,)),
    "about zero": ((-1, 1), (lambda x: (x - 0.02) / 0.5,)),
    "dropout": ((0, 255), (layers.GaussianNoise(0.1), layers.Rescaling(1 / 255))),
}


@pytest.mark.parametrize("name", KNOWN)
def test_first_layers_tell_the_range_of_pictures(name: str) -> None:
    expected, first = KNOWN[name]
    sources = sources_of(read_graph(behind(*first)))
    (found,) = sources
    assert found.scale.ends == pytest.approx(expected)
    assert found.scale.why
    assert "assumed" not in (sources.note or "")
    low, high = expected
    (values,) = drawn(sources, Draw(40, 0, np.random.default_rng(0))).values()
    assert low <= values.min() < low + 0.2 * (high - low)
    assert high - 0.2 * (high - low) < values.max() <= high


UNKNOWN = {
    "nothing": (),
    "a curve": (layers.ReLU(),),
    "a stretch": (layers.Rescaling(100.0),),
    "a convolution": (layers.Conv2D(3, 3), layers.Rescaling(1 / 255)),
    "the mean of each": (lambda x: x - keras.ops.mean(x, axis=1, keepdims=True),),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_no_layer_tells_is_assumed_and_said(name: str) -> None:
    sources = sources_of(read_graph(behind(*UNKNOWN[name])))
    (found,) = sources
    assert found.scale.ends == (0, 1)
    assert sources.note is not None
    assert sources.note.endswith("holds pictures in 0 to 1 (assumed: see input_range)")


@settings(max_examples=30, deadline=None)
@given(
    low=st.floats(-300, 300),
    width=st.floats(1, 600),
    target=st.sampled_from(((0.0, 1.0), (-1.0, 1.0))),
)
def test_any_range_from_0_or_even_that_is_scaled_to_a_unit_is_found(
    low: float, width: float, target: tuple[float, float]
) -> None:
    low = 0.0 if target[0] else low and -width / 2
    high = low + width
    scale = (target[1] - target[0]) / (high - low)
    model = behind(layers.Rescaling(scale, target[0] - low * scale), shape=(5,))
    (found,) = sources_of(read_graph(model))
    assert found.scale.ends == pytest.approx((low, high), abs=0.03 * width)


@settings(max_examples=30, deadline=None)
@given(top=st.floats(1, 600), dtype=st.sampled_from(("float32", "float64")))
def test_a_range_that_is_turned_over_is_the_same_range(top: float, dtype: str) -> None:
    turned = behind(layers.Rescaling(-1 / top, offset=1.0), shape=(5,), dtype=dtype)
    (found,) = sources_of(read_graph(turned))
    twice = 252 < top < 258 or 0.49 < top / 255 < 0.51 or top < 2.1  # usual, or half of one that is
    expected = [(0, top), (0, 2 * top)] if twice else [(0, top)]
    assert any(found.scale.ends == pytest.approx(each, abs=0.03 * each[1]) for each in expected)


MASKS = {
    "one less": lambda mask: (1.0 - mask) * -1e9,
    "less one": lambda mask: (mask - 1.0) * 1e9,
    "a few": lambda mask: (1.0 - mask) * -1e4,
    "cast": lambda mask: (1.0 - keras.ops.cast(mask, "float32")) * -1e9,
}


@pytest.mark.parametrize("name", MASKS)
def test_what_takes_scores_far_off_is_a_mask_of_zeros_and_ones(name: str) -> None:
    x, mask = keras.Input((5, 8), name="x"), keras.Input((5,), name="mask")
    scores = keras.ops.squeeze(layers.Dense(1)(x), -1) + MASKS[name](mask)
    read = keras.ops.sum(x * keras.ops.expand_dims(keras.ops.softmax(scores), -1), axis=1)
    _, found = sources_of(read_graph(keras.Model([x, mask], layers.Dense(3)(read))))
    assert (found.name, *found.scale.ends) == ("mask", 0, 1)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), axis=st.sampled_from((-1, None)), records=st.booleans())
def test_drawn_features_have_the_statistics_that_a_normalisation_knows(
    seed: int, axis: int | None, *, records: bool
) -> None:
    generator = np.random.default_rng(seed)
    mean = generator.normal(0, 100, 6) if axis else 7.0
    deviation = np.exp(generator.uniform(-4, 6, 6)) if axis else 3.0
    norm = (
        recorded(mean, deviation, (None, 6)) if records else normalisation(mean, deviation**2, axis)
    )
    sources = sources_of(read_graph(behind(norm, shape=(6,))))
    (found,) = sources
    assert found.scale.typical
    (values,) = drawn(sources, Draw(4000, 0, generator)).values()
    assert np.abs((values.mean(axis=0) - mean) / deviation).max() < 0.3
    assert np.abs(values.std(axis=0) / deviation - 1).max() < 0.3
    assert "about" in str(found)


@pytest.mark.parametrize("dtype", ("uint8", "int32"))
def test_whole_numbers_of_pictures_are_bytes(dtype: str) -> None:
    x = keras.Input((8, 8, 3), dtype=dtype)
    model = keras.Model(x, layers.GlobalMaxPooling2D()(x))
    sources = sources_of(read_graph(model))
    (found,) = sources
    assert found.scale.ends == (0, 255)
    assert str(found).endswith(f"(from dtype {dtype})")
    (values,) = drawn(sources, Draw(30, 0, np.random.default_rng(0))).values()
    assert values.dtype == dtype
    assert values.min() < 30
    assert values.max() > 225
    smooth = np.abs(np.diff(values.astype(float), axis=1)).mean()
    assert smooth < np.abs(np.diff(np.sort(values.reshape(-1))[:: values.size // 64])).sum() / 2


def test_bins_tell_the_range_of_what_is_sorted_into_them() -> None:
    binned = layers.Discretization(bin_boundaries=[10.0, 20.0, 40.0])
    x = keras.Input((3,))
    model = keras.Model(x, layers.Embedding(4, 2)(binned(layers.Rescaling(0.1)(x))))
    sources = sources_of(read_graph(model))
    (found,) = sources
    assert found.scale.ends == pytest.approx((-50, 550))
    (values,) = drawn(sources, Draw(4000, 0, np.random.default_rng(0))).values()
    assert set(np.unique(np.asarray(binned(values * 0.1)))) == {0, 1, 2, 3}


def test_what_the_user_says_of_one_input_leaves_the_others_as_they_are_read() -> None:
    one, two = keras.Input((4,), name="one"), keras.Input((4,), name="two")
    both = layers.Concatenate()([one, layers.Rescaling(1 / 9)(two)])
    sources = sources_of(
        read_graph(keras.Model([one, two], layers.Dense(2)(both))), {"one": (2, 3)}
    )
    np.testing.assert_allclose(list(sources.ranges.values()), [(2, 3), (0, 9)])
    assert (sources.note or "").startswith("inputs: two holds features in 0 to 9 (from rescaling")
