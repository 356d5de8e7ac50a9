"""Values that are looked up are rows of every table that reads them, position by position."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding import prune
from pytest_paoding.engine.evaluation.data.examination import examine
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn, uniform
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.errors import DataError, PaodingError, PruningError
from support.nightly import nightly
from support.oracles import randomise

layers, ops = keras.layers, keras.ops


def over(x: Any, *read: Any) -> Any:
    """A model that reads flat parts of an input."""
    parts = [layers.Flatten()(each) for each in read]
    y = parts[0] if len(parts) == 1 else layers.Concatenate()(parts)
    return keras.Model(x, layers.Dense(3)(layers.Dense(8, "relu")(y)))


def table(rows: int, name: str | None = None, **options: Any) -> Any:
    return layers.Embedding(rows, 4, name=name, **options)


def ints(*shape: int, dtype: str = "int32") -> Any:
    return keras.Input(shape, dtype=dtype, name="x")


def columns() -> Any:
    x = ints(3)
    return over(x, table(50, "large")(x[:, 0]), table(12, "small")(x[:, 1]))


def mixed() -> Any:
    x = ints(5, dtype="float32")
    return over(x, table(50)(ops.cast(x[:, 0], "int32")), table(12)(x[:, 1]), x[:, 2:])


def series() -> Any:
    x = ints(10, 4, dtype="float32")
    flow = layers.Concatenate()([table(7)(x[:, :, 0]), x[:, :, 1:]])
    return over(x, layers.GRU(8)(flow))


def unstacked() -> Any:
    x = ints(6)
    return over(x, *(table(3 + at)(each) for at, each in enumerate(ops.unstack(x, axis=1))))


def behind(change: Any, rows: int, *shape: int, dtype: str = "int32") -> Any:
    x = ints(*shape, dtype=dtype)
    return over(x, table(rows)(change(x)))


def several(*rows: int, steps: int = 6) -> Any:
    x = ints(steps)
    return over(x, *(table(each)(x) for each in rows))


def masked() -> Any:
    x = ints(6)
    both = [table(rows, mask_zero=True)(x) for rows in (50, 5)]
    return over(x, *map(layers.GRU(4), both))


def sentence() -> Any:
    x = ints(20)
    both = [table(50, mask_zero=True)(x), table(5)(x[:, :1])]
    return over(x, layers.GRU(4)(both[0]), both[1])


def encoded() -> Any:
    x = ints(2)
    hot = layers.CategoryEncoding(9, output_mode="one_hot")(x[:, :1])
    return over(x, hot, ops.one_hot(x[:, 1], 4))


TABLES: dict[str, tuple[Any, Any, Any]] = {
    "columns": (columns, [0, 0, 0], [49, 11, 1]),
    "mixed": (mixed, [0, 0, *[-np.inf] * 3], [49, 11, *[np.inf] * 3]),
    "series": (series, np.array([0, *[-np.inf] * 3]), np.array([6, *[np.inf] * 3])),
    "unstacked": (unstacked, 0, np.arange(2, 8)),
    "scaled": (lambda: behind(lambda x: ops.cast(x * 15, "int32"), 16, 6, dtype="float32"), 0, 1),
    "rounded": (lambda: behind(lambda x: ops.round(x * 3), 7, 6, dtype="float64"), 0, 2),
    "offset": (lambda: behind(lambda x: x - 100, 5, 6), 100, 104),
    "before zero": (lambda: behind(lambda x: x + 3, 5, 6), -3, 1),
    "turned over": (lambda: behind(lambda x: 9 - x, 10, 6), 0, 9),
    "every other": (lambda: behind(lambda x: 2 * x, 9, 6), 0, 4),
    "by column": (lambda: behind(lambda x: x + np.array([0, 50]), 62, 2), [0, -50], [61, 11]),
    "bytes": (lambda: behind(lambda x: ops.cast(x, "int32") - 7, 5, 6, dtype="uint8"), 7, 11),
    "two": (lambda: several(50, 5), 0, 4),
    "alike": (lambda: several(9, 9), 0, 8),
    "masked": (masked, 0, 4),
    "sentence": (sentence, 0, [4, *[49] * 19]),
    "encoded": (encoded, 0, [8, 3]),
}
each = pytest.mark.parametrize("name", TABLES)


@each
def test_every_position_holds_rows_of_all_tables_that_read_it(name: str) -> None:
    build, low, high = TABLES[name]
    model = randomise(build())
    sources = sources_of(read_graph(model))
    for draw, outside in ((drawn, 0), (drawn, 300), (uniform, 0)):
        (values,) = draw(sources, Draw(600, outside, np.random.default_rng(0))).values()
        assert (values >= np.asarray(low)).all()
        assert (values <= np.asarray(high) + 1e-6).all()
        assert np.isfinite(np.asarray(model(values))).all()
    found = [len(np.unique(values[..., at])) for at in range(values.shape[-1])]
    known = np.broadcast_to(high, values.shape[-1]) - np.broadcast_to(low, values.shape[-1]) + 1
    assert all(count >= 0.75 * most for count, most in zip(found, known, strict=True) if most < 99)


@each
@pytest.mark.parametrize("strategy", ("reconstruct", *nightly("impact", "magnitude")))
def test_models_with_tables_are_pruned_and_proved(name: str, strategy: str) -> None:
    pruned = prune(randomise(TABLES[name][0]()), ratio=0.5, strategy=strategy, verify=True)
    assert any(note.startswith("proved") for note in pruned.notes)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    shift=st.integers(-50, 50),
    factor=st.sampled_from((-3, -1, 1, 2)),
    seed=st.integers(0, 99),
)
def test_columns_behind_arithmetic_are_in_every_table(
    rows: list[int], shift: int, factor: int, seed: int
) -> None:
    x = ints(len(rows))
    moved = x * factor + shift
    read = [table(size)(moved[:, at]) for at, size in enumerate(rows)]
    sources = sources_of(read_graph(keras.Model(x, [*read, moved])))
    (values,) = drawn(sources, Draw(200, 0, np.random.default_rng(seed))).values()
    tokens = np.asarray(keras.Model(x, moved)(values))
    for at, size in enumerate(rows):
        if any((token - shift) % abs(factor) == 0 for token in range(size)):  # it can be met
            assert 0 <= tokens[:, at].min() <= tokens[:, at].max() < size


def test_a_given_range_counts_for_tokens() -> None:
    for model, about in (
        (several(50, steps=9), (7, 20)),
        (behind(lambda x: x - 100, 50, 9), (107, 120)),
        (sentence(), (2, 4)),
        (columns(), (3, 8)),
    ):
        sources = sources_of(read_graph(model), about)
        (values,) = drawn(sources, Draw(300, 0, np.random.default_rng(0))).values()
        assert (values.min(), values.max()) == about
        assert sources.note is None


def test_a_range_of_all_inputs_is_not_meant_for_the_tokens_among_them() -> None:
    words, other = keras.Input((6,), dtype="int32", name="words"), keras.Input((4,), name="other")
    y = layers.Concatenate()([layers.Flatten()(table(30)(words)), other])
    model = keras.Model([words, other], layers.Dense(3)(layers.Dense(8)(y)))
    for about, most in (((0, 1), 29), ({"words": (3, 9)}, 9)):
        sources = sources_of(read_graph(model), about)
        values, _ = drawn(sources, Draw(300, 0, np.random.default_rng(0))).values()
        assert values.max() == most


def test_a_range_without_any_row_is_refused() -> None:
    message = r"input_range \(20, 30\) holds no value .* 'x' .*: 'small', 'large' know 0 to 11"
    with pytest.raises(PruningError, match=message):
        prune(columns(), ratio=0.5, input_range=(20, 30))


def test_notes_tell_what_the_tables_tell() -> None:
    notes = {name: sources_of(read_graph(TABLES[name][0]())).note or "" for name in TABLES}
    assert notes["columns"].startswith("inputs: x holds features in 0 to 1 (assumed: see input_ra")
    assert notes["columns"].endswith("beside rows of small, large")
    assert "x holds features in 0 to 7 (from embedding" in notes["unstacked"]
    assert notes["unstacked"].endswith("and 3 more)")
    assert notes["sentence"].endswith(" know")
    assert notes["offset"].endswith(" knows")


def test_data_that_a_table_does_not_know_are_refused_by_position() -> None:
    ids = np.stack([np.arange(60) % 50, np.arange(60) % 12, np.arange(60) % 2], axis=1)
    examine(columns(), (ids, np.zeros(60)))
    swapped = ids[:, [1, 0, 2]]
    with pytest.raises(DataError, match="run from 0 to 49 where 'small', 'large' know 0 to 11"):
        examine(columns(), (swapped, np.zeros(60)))


def test_sums_of_columns_are_not_followed() -> None:
    x = ints(2)
    model = over(x, table(144)(x[:, 0] * 12 + x[:, 1]))
    assert "assumed" in (sources_of(read_graph(model)).note or "")
    with pytest.raises(PaodingError, match=r"= \d+ is not in \[0, 144\)"):
        prune(model, ratio=0.5, input_range=(0, 20))


def test_of_tables_that_contradict_each_other_one_counts() -> None:
    x = ints(3)
    model = over(x, table(5)(x), table(5)(x - 100))
    (found,) = sources_of(read_graph(model))
    assert found.lookups is None
    assert found.vocabulary is not None
    assert (found.vocabulary.first, found.vocabulary.size) in ((0, 5), (100, 105))
