"""Each value of an input is followed through joins and columns to what tells its range."""

from __future__ import annotations

from math import inf
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn, uniform
from pytest_paoding.engine.inputs.input_sources import sources_of

layers, ops = keras.layers, keras.ops
ENTRIES = np.array([10, 20, 57, 900])

TOPS = (2.0, 16.0, 100.0, 255.0, 4095.0)
MEANS, DEVIATIONS = (-40.0, 0.5, 300.0), (0.25, 3.0, 80.0)
WAYS = st.one_of(
    st.tuples(st.just("scaled"), st.sampled_from(TOPS)),
    st.tuples(st.just("standardised"), st.sampled_from(MEANS), st.sampled_from(DEVIATIONS)),
    st.tuples(st.just("table"), st.integers(1, 40)),
    st.tuples(st.just("entries"), st.integers(1, len(ENTRIES))),
    st.tuples(st.just("untold")),
)


def read_by(way: Any, column: Any) -> Any:
    """What a model does with a column, shape (samples, 1)."""
    kind, *numbers = way
    if kind == "scaled":
        return layers.Rescaling(1 / numbers[0])(column)
    if kind == "standardised":
        mean, deviation = numbers
        return layers.Normalization(mean=[mean], variance=[deviation**2])(column)
    if kind == "table":
        return layers.Flatten()(layers.Embedding(numbers[0], 2)(column))
    if kind == "entries":
        known = layers.IntegerLookup(vocabulary=ENTRIES[: numbers[0]])(ops.cast(column, "int64"))
        return layers.Flatten()(layers.Embedding(numbers[0] + 1, 2)(known))
    return column


def range_of(way: Any) -> tuple[float, float]:
    kind, *numbers = way
    if kind == "standardised":
        return numbers[0] - 5 * numbers[1], numbers[0] + 5 * numbers[1]
    if kind == "table":
        return 0, max(numbers[0] - 1, 0.5)
    if kind == "entries":
        return 10, max(ENTRIES[numbers[0] - 1], 10.5)
    return (0, numbers[0]) if kind == "scaled" else (0, 1)


def cut_up(ways: Any, inputs: int, *, stacked: bool) -> Any:
    """A model that reads each column in a way of its own; its inputs are joined before."""
    parts = np.array_split(np.arange(len(ways)), inputs)
    given_ones = [keras.Input((len(part),), name=f"x{at}") for at, part in enumerate(parts)]
    if stacked:  # columns of one each, side by side
        joined = ops.stack([each[:, at] for each in given_ones for at in range(each.shape[1])], 1)
    else:
        joined = ops.concatenate(given_ones, axis=1) if inputs > 1 else given_ones[0]
    read = [read_by(way, joined[:, at : at + 1]) for at, way in enumerate(ways)]
    y = layers.Concatenate()(read) if len(read) > 1 else read[0]
    return keras.Model(given_ones, layers.Dense(3)(layers.Dense(8, "relu")(y)))


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    ways=st.lists(WAYS, min_size=3, max_size=6),
    inputs=st.integers(1, 3),
    stacked=st.booleans(),
    seed=st.integers(0, 99),
)
def test_every_column_has_the_range_that_its_own_layer_tells(
    ways: list[Any], inputs: int, seed: int, *, stacked: bool
) -> None:
    sources = sources_of(read_graph(cut_up(ways, inputs, stacked=stacked)))
    expected = np.array([range_of(way) for way in ways]).T
    parts = np.array_split(np.arange(len(ways)), inputs)
    for part, source in zip(parts, sources, strict=True):
        for ends, right in zip(source.ends, expected[:, part], strict=True):
            if source.vocabulary is None:
                np.testing.assert_allclose(
                    np.broadcast_to(ends, len(part)), right, rtol=1e-3, atol=1e-3
                )
    whole = [
        source.vocabulary is not None for source in sources for _ in range(source.layout.own[0])
    ]
    for draw in (drawn, uniform):
        values = draw(sources, Draw(60, 0, np.random.default_rng(seed))).values()
        columns = np.concatenate(list(values), axis=1).T
        for way, column, is_whole in zip(ways, columns, whole, strict=True):
            low, high = range_of(way)
            some_are_strangers = is_whole and way[0] == "entries"
            assert low - 0.01 * (high - low) <= column.min()
            assert some_are_strangers or column.max() <= high + 0.01 * (high - low)
            if way[0] == "entries":
                assert some_are_strangers or set(column) <= set(ENTRIES[: way[1]])
            if way[0] == "table":
                assert (column == np.rint(column)).all()


def test_a_note_says_what_is_assumed_beside_what_is_told() -> None:
    x = keras.Input((3,), name="x")
    told = layers.Normalization(mean=[5.0], variance=[1.0], name="norm")(x[:, :1])
    model = keras.Model(x, layers.Dense(2)(layers.Concatenate()([told, x[:, 1:]])))
    note = sources_of(read_graph(model)).note
    told_of = "inputs: x holds features in about 0 to 10 (from norm"
    assert note == f"{told_of}; others assumed: see input_range)"
    rows = layers.Flatten()(layers.Embedding(4, 2, name="table")(x[:, 1:]))
    model = keras.Model(x, layers.Dense(2)(layers.Concatenate()([told, rows])))
    note = sources_of(read_graph(model)).note
    assert note == f"{told_of}), beside rows of table"


@pytest.mark.parametrize("mask", (-1.0, 0.0, 0.5, 1.0, 2.0, 99.0))
@pytest.mark.parametrize(
    ("scaling", "expected"),
    (
        (
            lambda: layers.Normalization(mean=[10.0, 100.0], variance=[4.0, 9.0]),
            ([0, 85], [20, 115]),
        ),
        (lambda: layers.Rescaling(1 / 255), (0, 255)),
        (lambda: layers.Rescaling([1 / 255, 1 / 50]), ([0, 0], [255, 50])),
    ),
)
def test_a_mask_does_not_hide_what_scales_the_steps(
    mask: float, scaling: Any, expected: Any
) -> None:
    x = keras.Input((6, 2))
    model = keras.Model(x, layers.LSTM(3)(scaling()(layers.Masking(mask)(x))))
    (found,) = sources_of(read_graph(model))
    assert found.kind == "sequence"
    for one, two in zip(found.ends, expected, strict=True):
        np.testing.assert_allclose(
            np.broadcast_to(one, (6, 2)), np.broadcast_to(two, (6, 2)), rtol=1e-3
        )


@settings(max_examples=15, deadline=None)
@given(
    tops=st.lists(st.sampled_from(TOPS), min_size=3, max_size=3),
    offset=st.sampled_from((0.0, -1.0, None)),
    before=st.sampled_from(("nothing", "crop", "pad", "resize", "permute", "pool", "grow", "flip")),
)
def test_a_vector_of_scales_tells_the_range_of_each_channel(
    tops: list[float], offset: float | None, before: str
) -> None:
    widths = np.array(tops)
    scales = (1 / widths, 0.0) if offset == 0 else (2 / widths, -1.0)
    vector = scales[1] if offset is not None else [scales[1]] * 3
    ways: dict[str, Any] = {
        "nothing": lambda x: x,
        "crop": layers.Cropping2D(1),
        "pad": layers.ZeroPadding2D(2),
        "resize": layers.Resizing(5, 11),
        "permute": layers.Permute((2, 3, 1)),
        "pool": layers.AveragePooling2D(2),
        "grow": layers.UpSampling2D(2),
        "flip": lambda x: ops.flip(x, axis=1),
    }
    shape = (3, 8, 8) if before == "permute" else (8, 8, 3)
    x = keras.Input(shape)
    y = layers.Rescaling(list(scales[0]), vector)(ways[before](x))
    model = keras.Model(x, layers.Flatten()(layers.Conv2D(2, 3)(y)))
    (found,) = sources_of(read_graph(model))
    assert found.kind == "picture"
    high = widths.reshape(3, 1, 1) if before == "permute" else widths
    low_found, high_found = (np.broadcast_to(each, shape) for each in found.ends)
    np.testing.assert_allclose(low_found, np.zeros(shape), atol=1e-3 * max(tops))
    np.testing.assert_allclose(high_found, np.broadcast_to(high, shape), rtol=0.02)


@settings(max_examples=8, deadline=None)
@given(axis=st.sampled_from(((1, 3), (1,), (3,), (2, 3), (1, 2, 3))), seed=st.integers(0, 99))
def test_a_normalisation_of_some_axes_tells_the_statistics_along_them(
    axis: tuple[int, ...], seed: int
) -> None:
    generator = np.random.default_rng(seed)
    kept = [size if place in axis else 1 for place, size in enumerate((4, 5, 3), 1)]
    mean, deviation = generator.normal(0, 900, kept), generator.uniform(300, 900, kept)
    own = [kept[at - 1] for at in axis]
    norm = layers.Normalization(axis, mean=mean.reshape(own), variance=(deviation**2).reshape(own))
    x = keras.Input((4, 5, 3))
    (found,) = sources_of(read_graph(keras.Model(x, layers.Dense(2)(layers.Flatten()(norm(x))))))
    low, high = (np.broadcast_to(each, (4, 5, 3)) for each in found.ends)
    for one, two in ((low + high) / 2, mean), ((high - low) / 10, deviation):
        np.testing.assert_allclose(one, np.broadcast_to(two, (4, 5, 3)), rtol=1e-3, atol=1)


def test_an_inverted_normalisation_reads_what_is_standardised() -> None:
    x = keras.Input((2,))
    norm = layers.Normalization(mean=[100.0, -3.0], variance=[4.0, 9.0], invert=True)
    (found,) = sources_of(read_graph(keras.Model(x, layers.Dense(2)(norm(x)))))
    assert found.scale.ends == (-5, 5)
    assert found.scale.typical


@pytest.mark.parametrize("count", (1, 2, 3))
@pytest.mark.parametrize("axis", (1, -1))
@pytest.mark.parametrize("repeated", (False, True))
def test_planes_that_are_stacked_are_pictures(count: int, axis: int, *, repeated: bool) -> None:
    planes = [keras.Input((8, 9), name=f"plane{at}") for at in range(1 if repeated else count)]
    stacked = ops.stack(planes * count if repeated else planes, axis=axis)
    y = layers.Permute((2, 3, 1))(stacked) if axis == 1 else stacked
    model = keras.Model(planes, layers.Flatten()(layers.Conv2D(2, 3)(layers.Rescaling(1 / 255)(y))))
    for found in sources_of(read_graph(model)):
        assert found.kind == "picture"
        assert found.layout.shape == (8, 9, 1)
        assert found.ends == (0, 255)


@pytest.mark.parametrize("count", (1, 2, 3))
def test_tokens_that_are_stacked_are_tokens(count: int) -> None:
    given_ones = [keras.Input((5,), dtype="int32", name=f"x{at}") for at in range(count)]
    y = layers.Embedding(7, 3)(ops.stack(given_ones, axis=1))
    sources = sources_of(read_graph(keras.Model(given_ones, layers.Flatten()(y))))
    for found in sources:
        assert found.kind == "tokens"
        assert found.known is not None
        assert found.known.whole == (0, 6)


def weighted(x: Any, beside: Any) -> Any:
    return layers.CategoryEncoding(7, output_mode="count")(x, count_weights=beside)


def attended(x: Any, beside: Any) -> Any:
    return layers.MultiHeadAttention(2, 3)(x, x, attention_mask=beside)


ASIDES = {
    "weights of tokens": (weighted, ((4,), "int32"), ((4,), "float32"), "tokens"),
    "mask of attention": (attended, ((4, 3), "float32"), ((4, 4), "bool"), "sequence"),
    "mask of numbers": (attended, ((4, 3), "float32"), ((4, 4), "int32"), "sequence"),
}


@pytest.mark.parametrize("name", ASIDES)
def test_what_a_layer_reads_beside_is_not_what_the_layer_is_for(name: str) -> None:
    build, first, second, kind = ASIDES[name]
    x, beside = (keras.Input(shape, dtype=dtype) for shape, dtype in (first, second))
    one, other = sources_of(read_graph(keras.Model([x, beside], layers.Dense(2)(build(x, beside)))))
    assert one.kind == kind
    assert other.kind == "features"
    assert other.vocabulary is None
    assert other.known is None


SIGNALS = {
    "stft": lambda x: ops.stft(x, 64, 32, 64),
    "rfft": ops.rfft,
    "fft": lambda x: ops.fft((x, ops.zeros_like(x))),
}


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("shape", ((256,), (2, 256)))
@pytest.mark.parametrize("top", (1, 32768))
def test_what_is_transformed_to_frequencies_is_audio(
    name: str, shape: tuple[int, ...], top: int
) -> None:
    x = keras.Input(shape, dtype="float32" if top == 1 else "int16")
    wave = x if top == 1 else ops.cast(x, "float32") / top
    real, imaginary = SIGNALS[name](wave)
    model = keras.Model(x, layers.Dense(2)(ops.sqrt(real * real + imaginary * imaginary)))
    sources = sources_of(read_graph(model))
    (found,) = sources
    assert found.kind == "audio"
    assert found.layout.shape == shape[::-1]
    assert found.scale.ends == pytest.approx((-top, top), abs=1)
    (values,) = drawn(sources, Draw(20, 0, np.random.default_rng(0))).values()
    assert values.shape == (20, *shape)
    mixed = np.random.default_rng(0).permuted(values, axis=-1)
    rough = [np.abs(np.diff(each.astype(float), axis=-1)).mean() for each in (values, mixed)]
    assert rough[0] < 0.7 * rough[1]


def test_columns_of_series_are_followed_step_by_step() -> None:
    x = keras.Input((6, 4))
    rows = layers.Embedding(5, 2)(ops.cast(x[:, :, 0], "int32"))
    scaled = layers.Rescaling(1 / 80)(x[:, :, 1:2])
    flow = layers.Concatenate()([rows, scaled, x[:, :, 2:]])
    (found,) = sources_of(read_graph(keras.Model(x, layers.GRU(3)(flow))))
    assert found.kind == "sequence"
    low, high = (np.broadcast_to(each, (6, 4)) for each in found.ends)
    assert low.max() == 0
    np.testing.assert_allclose(high, np.broadcast_to([4, 80, 1, 1], (6, 4)), rtol=1e-3)
    assert found.known is not None
    assert np.array_equal(found.known.low, np.broadcast_to([0, -inf, -inf, -inf], (6, 4)))
