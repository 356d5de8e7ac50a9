"""Settings of inputs: every name that an input has is understood, and means the same."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.evaluation.data.examination import examine
from pytest_paoding.engine.inputs.input_settings import by_input, given_kinds, given_ranges
from pytest_paoding.engine.inputs.open_lengths import settled_sources
from pytest_paoding.engine.pruning.pruner import prune
from pytest_paoding.errors import PruningError
from support.small_models import randomised

pytestmark = pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
NAMES = ("key", "layer")


def named_twice() -> keras.Model:
    """A model whose keys for its inputs are not the names of their layers."""
    left, right = keras.Input((None, 3), name="layer"), keras.Input((4,), name="other")
    flow = layers.concatenate([layers.GlobalAveragePooling1D()(left), right])
    head = layers.Dense(2)(layers.Dense(6, activation="relu")(flow))
    return randomised(keras.Model({"key": left, "more": right}, head))


@pytest.mark.parametrize("name", NAMES)
def test_an_input_is_found_by_each_of_its_names(name: str) -> None:
    model = named_twice()
    sources, note = settled_sources(
        model,
        input_range={name: (-3.0, 5.0)},
        input_kind={name: "sequence"},
        input_shape={name: (7, 3)},
    )
    first, second = sources
    assert (first.name, first.kind, first.scale.ends) == ("key", "sequence", (-3.0, 5.0))
    assert (first.layout.shape, note) == ((7, 3), None)
    assert second.name == "more"
    assert not second.given


@pytest.mark.parametrize("name", NAMES)
def test_calibration_is_found_by_each_of_its_names(name: str) -> None:
    model = named_twice()
    generator = np.random.default_rng(0)
    left, right = generator.normal(size=(50, 7, 3)), generator.normal(size=(50, 4))
    one = prune(model, ratio=0.5, calibration={"key": left, "more": right}).model
    two = prune(model, ratio=0.5, calibration={name: left, "other": right}).model
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_an_examination_finds_can_be_said_again() -> None:
    model = named_twice()
    data = ({"key": np.zeros((3, 9, 3)), "more": np.zeros((3, 4))}, np.zeros(3))
    found = examine(model, data)
    assert found.shapes == {"key": (9, 3)}
    sources, note = settled_sources(model, input_shape=found.shapes)
    assert [source.layout.shape for source in sources] == [(9, 3), (4,)]
    assert note is None


def test_what_names_no_input_or_one_twice_is_refused() -> None:
    model = named_twice()
    with pytest.raises(PruningError, match=r"input_range names 'wrong': .* are 'key', 'more'"):
        given_ranges(model, {"wrong": (0, 1)})
    with pytest.raises(PruningError, match="input_kind names 'wrong'"):
        given_kinds(model, {"wrong": "picture"})
    with pytest.raises(PruningError, match="input_shape names the input 'key' twice"):
        by_input(model, {"key": (1, 3), "layer": (1, 3)}, "input_shape")


def test_open_lengths_are_those_of_the_calibration() -> None:
    model = named_twice()
    generator = np.random.default_rng(0)
    given = {"key": generator.normal(size=(50, 7, 3)), "more": generator.normal(size=(50, 4))}
    learned = prune(model, ratio=0.5, calibration=given)
    told = prune(model, ratio=0.5, calibration=given, input_shape={"key": (7, 3)})
    for a, b in zip(learned.model.get_weights(), told.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not [note for note in learned.notes if "lengths open" in note]


def test_a_last_axis_of_one_may_be_missing_in_a_calibration() -> None:
    signal = keras.Input((None, 1))
    flow = layers.GlobalAveragePooling1D()(layers.Conv1D(6, 3, activation="relu")(signal))
    model = randomised(keras.Model(signal, layers.Dense(2)(flow)))
    given = np.random.default_rng(0).normal(size=(40, 50)).astype(np.float32)
    with_axis = prune(model, ratio=0.5, calibration=given[..., None]).model.get_weights()
    without = prune(model, ratio=0.5, calibration=given).model.get_weights()
    for a, b in zip(with_axis, without, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_input_whose_range_is_assumed_is_always_named() -> None:
    given = [keras.Input((2,), name=name) for name in "abcdef"]
    scaled = [layers.Normalization(mean=[3.0] * 2, variance=[2.0] * 2)(each) for each in given[:-1]]
    flow = layers.Dense(6, activation="relu")(layers.concatenate([*scaled, given[-1]]))
    sources, _ = settled_sources(keras.Model(given, layers.Dense(2)(flow)))
    assert sources.note is not None
    assert sources.note.startswith(
        "inputs: f holds features in 0 to 1 (assumed: see input_range); a"
    )
    assert sources.note.endswith("; and 2 more")


def test_a_key_goes_before_the_layer_that_has_its_name() -> None:
    left, right = keras.Input((3,), name="left"), keras.Input((4,), name="right")
    head = layers.Dense(2)(layers.concatenate([left, right]))
    model = keras.Model({"right": left, "left": right}, head)
    sources, _ = settled_sources(model, input_range={"right": (0, 9)})
    assert [(s.name, s.layout.shape, s.given) for s in sources] == [
        ("left", (4,), False),
        ("right", (3,), True),
    ]
