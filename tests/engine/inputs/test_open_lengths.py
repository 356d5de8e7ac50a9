"""Lengths that a model leaves open: which are assumed, and that the cut does not depend on them."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import pytest
from keras import layers

from pytest_paoding import prune
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.inputs.open_lengths import settled_shapes
from pytest_paoding.engine.surgery.apply import apply
from pytest_paoding.errors import PruningError
from support.oracles import randomise

if TYPE_CHECKING:
    from collections.abc import Callable


def image() -> Any:
    x = keras.Input((None, None, 1), name="image")
    y = layers.MaxPooling2D()(layers.Conv2D(8, 3, activation="relu")(x))
    return keras.Model(x, layers.Dense(3)(layers.GlobalAveragePooling2D()(y)))


def unet() -> Any:
    """Halved and doubled twice: only multiples of four meet themselves again."""
    x = keras.Input((None, None, 2), name="image")
    one = layers.Conv2D(6, 3, padding="same", activation="relu")(x)
    two = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(one)
    three = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(two)
    up = layers.Concatenate()([layers.UpSampling2D()(three), two])
    up = layers.Concatenate()([layers.UpSampling2D()(up), one])
    return keras.Model(x, layers.Conv2D(1, 1)(up))


def tokens() -> Any:
    x = keras.Input((None,), dtype="int32", name="ids")
    y = layers.Conv1D(8, 5, activation="relu")(layers.Embedding(30, 8)(x))
    return keras.Model(x, layers.Dense(3)(layers.GlobalMaxPooling1D()(y)))


def cropped() -> Any:
    x = keras.Input((None, 4), name="series")
    y = layers.Conv1D(8, 3, activation="relu")(layers.Cropping1D(50)(x))
    return keras.Model(x, layers.Dense(3)(layers.GlobalMaxPooling1D()(y)))


def inside() -> Any:
    z = keras.Input((None, 5))
    inner = keras.Model(z, layers.Conv1D(6, 7, activation="relu")(z), name="inside")
    x = keras.Input((None, 3), name="series")
    y = inner(layers.Conv1D(5, 40, activation="relu")(x))
    return keras.Model(x, layers.Dense(2)(layers.GlobalAveragePooling1D()(y)))


def frames(*between: Any) -> Any:
    x = keras.Input((None, 12, 12, 2), name="video")
    y = x
    for layer in between:
        y = layer(y)
    y = layers.ConvLSTM2D(4, 3)(y)
    return keras.Model(x, layers.Dense(2)(layers.GlobalAveragePooling2D()(y)))


BUILDERS = {
    frames: ((8, 12, 12, 2),),
    image: ((8, 8, 1),),
    unet: ((12, 12, 2),),
    tokens: ((32,),),
    cropped: ((128, 4),),
    inside: ((48, 3),),
}
each = pytest.mark.parametrize("build", BUILDERS)


@each
def test_the_first_usual_length_that_every_layer_accepts_is_assumed(build: Any) -> None:
    shapes, note = settled_shapes(build())
    assert shapes == BUILDERS[build]
    assert note is not None
    assert "x".join(map(str, shapes[0])) in note


@each
def test_the_cut_does_not_depend_on_what_is_assumed(build: Any) -> None:
    model = build()
    groups = [
        [
            (str(group), group.units.tolist())
            for group in find_groups(walk(model, rule_for, **given))
        ]
        for given in ({}, {"shapes": settled_shapes(model)[0]})
    ]
    assert groups[0] == groups[1]


@pytest.mark.parametrize(
    ("build", "strategy"),
    (
        *product(BUILDERS, ["magnitude"]),
        *product([each for each in BUILDERS if each is not frames], ["reconstruct"]),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in ((frames, "reconstruct"), *product(BUILDERS, ["impact", "stochastic"]))
        ),
    ),
)
def test_open_models_are_pruned_proved_and_stay_open(build: Any, strategy: str) -> None:
    model = randomise(build())
    pruned = prune(model, ratio=0.5, strategy=strategy, verify=True)
    assert any("lengths open" in note for note in pruned.notes)
    assert any(note.startswith("proved") for note in pruned.notes)
    before, after = ([tensor.shape for tensor in each.inputs] for each in (model, pruned.model))
    assert before == after
    again = apply(model, pruned.plan)
    for one, two in zip(pruned.model.weights, again.weights, strict=True):
        assert values_of(one).tobytes() == values_of(two).tobytes()


def test_a_shape_of_the_users_own_is_taken() -> None:
    for given in ((9,), {"ids": (9,)}):
        pruned = prune(tokens(), ratio=0.5, input_shape=given)
        assert not any("lengths open" in note for note in pruned.notes)


@pytest.mark.parametrize(
    ("given", "message"),
    (
        ({"words": (9,)}, "input_shape names 'words': the inputs of the model are"),
        ({"ids": (9, 2)}, r"input_shape \(9, 2\) does not fit the input 'ids', \(None,\)"),
    ),
)
def test_a_shape_that_does_not_fit_is_refused(given: Any, message: str) -> None:
    with pytest.raises(PruningError, match=message):
        prune(tokens(), ratio=0.5, input_shape=given)


@pytest.mark.parametrize("alone", (True, False))
def test_an_input_without_values_is_refused(*, alone: bool) -> None:
    empty, other = keras.Input((0,), name="empty"), keras.Input((4,), name="other")
    read = empty if alone else layers.Concatenate()([other, empty])
    hidden = layers.Dense(8)(read)
    model = keras.Model(empty if alone else [other, empty], layers.Dense(3)(hidden))
    with pytest.raises(PruningError, match=r"'empty' holds no values: its shape is \(0,\)"):
        prune(model, ratio=0.5)


def test_where_no_usual_length_fits_one_is_asked_for() -> None:
    x = keras.Input((None, 3), name="series")
    y = layers.Conv1D(4, 3)(layers.Cropping1D(20_000)(x))
    model = keras.Model(x, layers.Dense(2)(layers.GlobalMaxPooling1D()(y)))
    with pytest.raises(PruningError, match=r"behind the input 'series' .*give its input_shape"):
        prune(model, ratio=0.5)


def held(room: int, work: Callable[[], object]) -> None:
    """Do work while this process may take only so many bytes more than it has now."""
    resource = pytest.importorskip("resource")
    statm = Path("/proc/self/statm")
    if not statm.is_file():
        pytest.skip("nothing tells here how much this process has")
    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(statm.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + room, before[1]))
    try:
        work()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("strategy", ("reconstruct", "magnitude"))
def test_a_shape_beyond_memory_is_refused_in_one_line(strategy: str) -> None:
    def work() -> None:
        prune(image(), ratio=0.5, strategy=strategy, input_shape=(30_000, 30_000, 1))

    with pytest.raises(PruningError) as caught:
        held(1 << 30, work)
    expected = "input_shape (30000, 30000, 1) takes more memory than there is: give a smaller one"
    assert str(caught.value) == expected


@pytest.mark.parametrize("shape", ((2**31 - 1, 3, 1), (2**31 - 1, 2**31 - 1, 1)))
def test_a_shape_that_no_machine_holds_is_refused(shape: Any) -> None:
    for given in (shape, {"image": shape}):
        with pytest.raises(PruningError, match=r"'image' of the shape .* has more than 1,073"):
            prune(image(), ratio=0.5, strategy="magnitude", input_shape=given)
