"""A flat input is drawn as a picture where a kernel shows that it is one, and nowhere else."""

from __future__ import annotations

from functools import cache

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from sklearn import datasets

from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.families.spectra import falling, filtered_noise
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.inputs.kernels.neighbouring_rows import PictureShape, picture_of_rows
from support.nightly import nightly

ORDER = np.random.default_rng(3).permutation(64)


@cache
def digits(widths=(32,), seed=0, *, permuted=False):
    """Return a net that was trained on digits of 64 values, in order or permuted."""
    x, y = datasets.load_digits(return_X_y=True)
    x = (x[:, ORDER] if permuted else x) / 16
    return trained(x.astype(np.float32), y, widths, seed)


def trained(x, y, widths=(32,), seed=0):
    keras.utils.set_random_seed(seed)
    hidden = [layers.Dense(width, "relu") for width in widths]
    last = layers.Dense(int(y.max()) + 1, "softmax")
    model = keras.Sequential([keras.Input(x.shape[1:]), *hidden, last])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=10, batch_size=64, verbose=0)
    return model


def source(model, **about):
    (found,) = sources_of(read_graph(model), **about)
    return found


def behind(*stack, shape=(64,)):
    """Return the digits net behind some layers, the values of its input in their own order."""
    dense = digits().layers[0]
    x = y = keras.Input(shape)
    for layer in (*stack, dense):
        y = layer(y)
    return keras.Model(x, y)


@pytest.mark.parametrize(("widths", "seed"), (((32,), 0), ((64, 32), 1)))
def test_nets_of_digits_show_their_pictures(widths, seed):
    model = digits(widths, seed)
    found = source(model)
    assert found.kind == "picture"
    assert found.layout.shape == (8, 8, 1)
    name = model.layers[0].name
    assert f"pictures of 8 x 8 (from the kernel of {name}) in 0 to 1" in str(found)


def test_permuted_digits_show_nothing():
    assert source(digits(permuted=True)).kind == "features"


def test_pictures_are_drawn_as_such_and_come_flat():
    graph = read_graph(digits())
    found = drawn(sources_of(graph), Draw(200, 0, np.random.default_rng(0)))[graph.inputs[0]]
    assert found.shape == (200, 64)
    grey = found.reshape(200, 8, 8) - found.mean(axis=0).reshape(8, 8)
    beside = (grey[:, :, 1:] * grey[:, :, :-1]).mean() / grey.var()
    below = (grey[:, 1:] * grey[:, :-1]).mean() / grey.var()
    assert min(beside, below) > 0.4


def test_input_kind_overrides_what_the_kernel_shows():
    found = source(digits(), input_kind="features")
    assert found.kind == "features"
    assert "pictures" not in str(found)


@pytest.mark.parametrize(
    ("stack", "shape"),
    (
        ((layers.Rescaling(1 / 16),), (64,)),
        ((layers.Dropout(0.1), layers.Flatten()), (8, 8)),
        ((layers.Flatten(),), (4, 16)),
    ),
)
def test_layers_that_arrange_and_scale_are_looked_through(stack, shape):
    found = source(behind(*stack, shape=shape))
    assert found.kind == "picture"
    assert found.layout.shape == (8, 8, 1)
    assert found.layout.own == shape


def test_pictures_lie_as_the_kernel_reads_them():
    turned = behind(layers.Reshape((8, 8)), layers.Permute((2, 1)), layers.Flatten())
    layout = source(turned).layout
    picture = np.arange(64).reshape(1, 8, 8, 1)
    np.testing.assert_array_equal(layout.taken(picture)[0], np.arange(64).reshape(8, 8).T.ravel())


def test_what_is_standardised_value_by_value_stays_features():
    each = layers.Normalization(mean=np.linspace(1, 9, 64), variance=np.linspace(1, 20, 64))
    assert source(behind(each)).kind == "features"
    assert source(behind(each), input_range=(0, 16)).kind == "picture"


def test_a_picture_beside_columns_is_read_off_its_part_of_the_kernel():
    kernel, bias = digits().layers[0].get_weights()
    x, z = keras.Input((64,), name="flat"), keras.Input((5,), name="columns")
    dense = layers.Dense(kernel.shape[1])
    model = keras.Model([x, z], dense(layers.Concatenate()([x, z])))
    more = np.random.default_rng(0).standard_normal((5, kernel.shape[1]))
    dense.set_weights([np.concatenate([kernel, more]), bias])
    found = {each.name: each.kind for each in sources_of(read_graph(model))}
    assert found == {"flat": "picture", "columns": "features"}


@pytest.mark.parametrize(
    "load", (datasets.load_breast_cancer, datasets.load_wine, datasets.load_diabetes)
)
@pytest.mark.parametrize("columns", (64, *nightly(10**9)))
def test_trained_tables_are_no_pictures(load, columns):
    x, y = load(return_X_y=True)
    y = (y > np.median(y)).astype(int) if y.max() > 9 else y
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    one, two = np.triu_indices(x.shape[1])
    x = np.concatenate([x, x[:, one] * x[:, two]], axis=1)[:, :columns]  # wide enough to be one
    assert picture_of_rows(trained(x.astype(np.float32), y).layers[0].get_weights()[0]) is None


SIZES = st.sampled_from((1, 10, 30, 36, 48, 64, 72, 100, 108, 144, 192, 256, 432, 784))
UNITS, SEEDS = st.integers(1, 64), st.integers(0, 2**32 - 1)


@settings(max_examples=150, deadline=None)
@given(SIZES, UNITS, SEEDS)
def test_random_kernels_are_no_pictures(values, units, seed):
    kernel = np.random.default_rng(seed).standard_normal((values, units))
    assert picture_of_rows(kernel) is None


@settings(max_examples=150, deadline=None)
@given(SIZES, UNITS, SEEDS, st.integers(1, 30), st.floats(0.1, 0.999))
def test_rows_that_go_together_at_one_lag_are_no_pictures(values, units, seed, lag, share):
    kernel = np.random.default_rng(seed).standard_normal((values, units))
    for row in range(lag, values):
        kernel[row] = share * kernel[row - lag] + np.sqrt(1 - share**2) * kernel[row]
    assert picture_of_rows(kernel) is None


@settings(max_examples=100, deadline=None)
@given(st.integers(6, 24), UNITS, SEEDS, st.booleans())
def test_blocks_and_seasons_are_no_pictures(side, units, seed, blocks):
    random = np.random.default_rng(seed)
    noise = random.standard_normal((side * side, units))
    if blocks:
        kernel = noise + np.repeat(random.standard_normal((side, units)), side, axis=0)
    else:
        angle = 2 * np.pi * (np.arange(side * side)[:, None] / side + random.random(units))
        kernel = noise / 2 + random.standard_normal(units) * np.sin(angle)
    assert picture_of_rows(kernel) is None


@pytest.mark.parametrize("first", (False, True))
@pytest.mark.parametrize("sides", ((16, 16), (24, 18)))
def test_smooth_kernels_of_colours_that_are_alike_show_them(first, sides):
    random = np.random.default_rng(0)
    wide = tuple(2 * side for side in sides)  # what lies at opposite sides of it is alike
    field = filtered_noise(falling(wide, np.full(48, 1.2)), 4, random)
    field = field[..., : sides[0], : sides[1]]
    kernel = field[:, :1] + field[:, 1:] / 2 + random.standard_normal((48, 3, *sides))
    kernel = kernel if first else np.moveaxis(kernel, 1, -1)
    assert picture_of_rows(kernel.reshape(48, -1).T) == PictureShape(*sides, 3, first)


@pytest.mark.parametrize("width", (8, 5))
def test_a_kernel_behind_a_layer_at_every_step_tells_nothing(width):
    x = keras.Input((8, 8))
    flat = layers.Flatten()(layers.Dense(width)(x))
    dense = layers.Dense(32)
    model = keras.Model(x, dense(flat))
    if width == 8:
        dense.set_weights(digits().layers[0].get_weights())
    assert source(model).kind == "features"


def test_constant_and_empty_rows_are_no_pictures():
    for kernel in (np.zeros((64, 8)), np.ones((64, 8)), np.ones((1, 1))):
        assert picture_of_rows(kernel) is None


def test_untrained_nets_are_read_as_before():
    model = keras.Sequential([keras.Input((784,)), layers.Dense(64), layers.Dense(10)])
    assert source(model).kind == "features"
