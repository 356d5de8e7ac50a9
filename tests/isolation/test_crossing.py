"""What crosses arrives as it was; what cannot cross is named in one line."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pytest_paoding.errors import ChildError, ConfigError, DataError
from pytest_paoding.isolation.crossing import Batches, Crossing, Handle
from pytest_paoding.records.asked_for import AskedFor
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import Direction
from pytest_paoding.records.plan import LayerPlan, Plan

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ARRAYS = st.one_of(
    *(
        arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_side=3))
        for kind in ("f4", "f8", "f2", "i1", "u8", "bool", "c8", "U3", "M8[s]")
    ),
    st.lists(st.one_of(TEXTS, st.binary()), min_size=1).map(lambda found: np.array(found, object)),
)
PLANS = st.just(Plan((LayerPlan("a", 3, (0, 2), "magnitude", None, ((1, 0),)),)))
SCORES = st.builds(
    AskedFor, TEXTS, st.sampled_from([None, np.median, json.dumps]), st.sampled_from(Direction)
)
MEASUREMENTS = st.builds(Measurement, st.floats(0, 1), st.none(), st.floats(0, 1), TEXTS)
LEAVES = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.binary(), ARRAYS),
    *(PLANS, SCORES, MEASUREMENTS, TEXTS.map(Path), st.integers(0).map(Handle)),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(TEXTS, st.integers()), inner, max_size=3),
    ),
    max_leaves=6,
)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fcM"))
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and all(map(same, one, other)) and len(one) == len(other)
    return type(one) is type(other) and (one == other or repr(one) == repr(other) == "nan")


class Kept(dict[int, Any]):
    """What a child keeps: here handles only, as for the other side."""

    def __missing__(self, number: int) -> Handle:
        return Handle(number)


def crossed(value: Any, folder: Path) -> Any:
    text = json.dumps(Crossing(folder).plain(value, "x"))
    return Crossing(folder, Kept()).value(json.loads(text))


@given(VALUES)
def test_values_arrive_as_they_were(value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert same(value, crossed(value, Path(folder)))


@pytest.mark.parametrize("code", (json.dumps, AskedFor("median", np.median), [{"a": (len,)}]))
def test_no_code_is_taken_from_a_child(code: Any, tmp_path: Path) -> None:
    """Native code that a hostile model has broken could answer anything."""
    plain = json.loads(json.dumps(Crossing(tmp_path).plain(code)))
    with pytest.raises(ChildError, match=r"answers with (code|score), which is not taken"):
        Crossing(tmp_path).value(plain)


def test_what_is_no_array_of_numpy_becomes_one(tmp_path: Path) -> None:
    class Tensor:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.ones(2)

    class Unready:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise TypeError("it is on another device")

    assert same(crossed({"x": (Tensor(),)}, tmp_path), {"x": (np.ones(2),)})
    assert crossed(np.float32(0.5), tmp_path) == 0.5
    assert same(crossed(MappingProxyType({1: 2}), tmp_path), {1: 2})
    with pytest.raises(DataError, match="x is no array: it is on another device"):
        crossed(Unready(), tmp_path)


def test_batches_are_read_again_and_again_and_each_when_it_is_needed(tmp_path: Path) -> None:
    batches = [(np.full(3, number), [number]) for number in range(3)]
    found = crossed(iter(batches), tmp_path)
    assert isinstance(found, Batches)
    for _ in range(2):
        assert same(list(found), batches)
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(FileNotFoundError):
        next(iter(found))


def test_a_data_set_of_keras_is_read_by_its_length(tmp_path: Path) -> None:
    class Indexed:  # has no __iter__, and its index has no end
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return [index], [0]

        def on_epoch_end(self) -> None: ...

    assert list(crossed(Indexed(), tmp_path)) == [([0], [0]), ([1], [0])]


def local(_: Any, __: Any) -> float:
    return 0.0


def refused() -> list[tuple[Any, type[Exception], str]]:
    class Endless:
        def cardinality(self) -> int:
            return -1

    def broken() -> Any:
        yield [1], [2]
        raise KeyError("gone")

    return [
        (lambda _: 0, ConfigError, "x: a child process, where the gate runs, cannot import it"),
        (partial(local, 1), ConfigError, "x: a child process"),
        (Endless(), DataError, "the data set repeats forever"),
        (broken(), DataError, "x cannot be read: KeyError: 'gone'"),
        (object(), DataError, "x is or holds a object, which cannot be handed to a child process"),
        (([object()],), DataError, "x is or holds a object"),
        (AskedFor("peak", partial(local, 1)), ConfigError, "score 'peak': a child process"),
    ]


@pytest.mark.parametrize("value", refused(), ids=lambda each: each[2])
def test_what_cannot_cross_is_named_in_one_line(
    value: tuple[Any, type[Exception], str], tmp_path: Path
) -> None:
    given_, kind, told = value
    with pytest.raises(kind) as caught:
        crossed(given_, tmp_path)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)
