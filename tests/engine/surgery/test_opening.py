"""Subclassed models, opened into Functional ones that compute the same."""

from __future__ import annotations

import random
import re
import warnings
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from pytest_paoding import Plan, apply, prune
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.graph.functional import is_nested
from pytest_paoding.engine.keras_io.compilation import class_name_of, compiled_of
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.engine.surgery.opening.opened import opened
from pytest_paoding.engine.surgery.opening.own_code import has_code, named_layers
from pytest_paoding.engine.surgery.read_back import require_same
from pytest_paoding.errors import ModelFileError
from support.keras_gaps import makes_layers_again_that_are_called_twice
from support.nightly import spread
from support.subclassed_models import FEATURES, STYLES, Block, Noise, Plain, Two

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = ("Sampling",)


def outputs(model: Any, data: Any, **kwargs: Any) -> list[Any]:
    with keras.StatelessScope():
        found = model(keras.tree.map_structure(ops.convert_to_tensor, data), **kwargs)
    return [np.asarray(each) for each in keras.tree.flatten(found)]


def run_as_for_inference(model: Any, data: Any) -> list[Any]:
    known = is_nested(model) or "training" in type(model).call.__code__.co_varnames
    return outputs(model, data, **({"training": False} if known else {}))


def state(model: Any) -> list[Any]:
    inner = named_layers(model)
    nodes = [(len(each._inbound_nodes), len(each._outbound_nodes)) for each in inner]
    values = [np.asarray(variable).tolist() for variable in model.variables]
    return [nodes, [each.name for each in inner], values]


@pytest.mark.parametrize("name", spread(STYLES, 2))
def test_an_opened_model_computes_the_same_for_any_batch(name: str) -> None:
    model, data = STYLES[name].build(), STYLES[name].data
    before = state(model)
    found = opened(model)
    assert is_nested(found.model)
    assert not has_code(found.model)
    for count in (8, 3):
        part = keras.tree.map_structure(lambda each, n=count: each[:n], data)
        expected = run_as_for_inference(model, part)
        for one, two in zip(expected, run_as_for_inference(found.model, part), strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5)
    assert state(model) == before
    assert type(model).__name__ in found.notes[0]
    assert "Functional" in found.notes[0]


@pytest.mark.parametrize("name", STYLES)
def test_a_subclassed_model_is_pruned_proved_and_loaded_without_its_class(
    name: str, tmp_path: Path
) -> None:
    model, data = STYLES[name].build(), STYLES[name].data
    pruned = prune(model, ratio=0.5, strategy="magnitude", verify=True)
    assert pruned.model.count_params() < model.count_params()
    assert any(note.startswith("proved") for note in pruned.notes)
    assert pruned.notes[0].startswith("opened: ")
    file = tmp_path / "net.keras"
    save_model(pruned.model, file)
    if name == "Shared" and not makes_layers_again_that_are_called_twice():
        with pytest.raises(ModelFileError, match="cannot be loaded: Layer node index out of"):
            require_same(pruned.model, file)
        pytest.skip("this Keras loads no layer that is called twice, pruned or not")
    custom = {"Noise": Noise} if name in RANDOM else None
    loaded = keras.models.load_model(file, custom_objects=custom)
    for one, two in zip(outputs(pruned.model, data), outputs(loaded, data), strict=True):
        assert name in RANDOM or (one == two).all()


def test_what_is_opened_is_trained_as_before() -> None:
    model = STYLES["Nested"].build()
    found = opened(model).model
    training = outputs(found, FEATURES, training=True)[0]
    assert not np.allclose(training, outputs(found, FEATURES, training=False)[0])
    assert [each.trainable for each in found.weights].count(False) == 6  # moving statistics


def test_names_that_several_blocks_use_tell_which_is_meant() -> None:
    names = {layer.name for layer in opened(STYLES["Nested"].build()).model.layers}
    assert len([name for name in names if re.fullmatch(r"block(_\d+)?_inner", name)]) == 3
    shared = opened(STYLES["Shared"].build()).model
    assert len([layer for layer in shared.layers if layer.name == "inner"]) == 1


def test_a_subclassed_model_within_a_functional_one_is_opened_too() -> None:
    x = keras.Input((5,), name="x")
    block = Block(6, name="block")
    model = keras.Model(x, layers.Dense(3)(block(layers.Dense(6)(x))))
    found = opened(model)
    assert not has_code(found.model)
    expected = run_as_for_inference(model, FEATURES)[0]
    assert np.allclose(expected, run_as_for_inference(found.model, FEATURES)[0])
    assert "Block" in found.notes[0]
    pruned = prune(model, ratio=0.5, strategy="magnitude", verify=True)
    assert pruned.plan["inner"].kept != tuple(range(6))


def test_a_model_with_a_graph_is_returned_as_it_is() -> None:
    model = keras.Sequential([keras.Input((5,)), layers.Dense(3)])
    assert opened(model).model is model
    assert opened(model).notes == ()


def test_the_compile_state_is_carried_over() -> None:
    model = STYLES["Plain"].build()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    pruned = prune(model, ratio=0.5, strategy="magnitude").model
    assert pruned.evaluate(FEATURES, np.zeros(8), verbose=0)[1] <= 1
    model.compile("adam", lambda y, z: ops.mean(y - z))
    assert any("left uncompiled" in note for note in prune(model, ratio=0.5).notes)


@keras.saving.register_keras_serializable("tests")
class Registered(keras.Model):
    """A model that a file holds."""

    def __init__(self, heads: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads = heads
        self.first = layers.Dense(8, "relu")
        self.lasts = [layers.Dense(1, name=f"head_{number}") for number in range(heads)]

    def call(self, x: Any) -> Any:
        found = {each.name: each(self.first(x)) for each in self.lasts}
        return found if self.heads > 1 else found["head_0"]

    def get_config(self) -> dict[str, Any]:
        return {"heads": self.heads}


class Unregistered(keras.losses.Loss):
    """A loss that no configuration can bring back."""

    def call(self, y: Any, z: Any) -> Any:
        return ops.mean(y - z, axis=-1)


COMPILED = {
    "one": (1, "hinge"),
    "one of a class": (1, keras.losses.Huber(delta=2.0)),
    "several": (2, {"head_0": "mse", "head_1": "hinge"}),
    "unknown to a file": (1, keras.losses.MeanAbsoluteError()),
}


@pytest.mark.parametrize("from_file", (False, True))
@pytest.mark.parametrize("name", COMPILED)
def test_an_opened_model_is_judged_by_the_loss_of_the_original(
    name: str, tmp_path: Path, *, from_file: bool
) -> None:
    heads, loss = COMPILED[name]
    model = Registered(heads)
    model(FEATURES)
    strange = name == "unknown to a file"
    model.compile("adam", loss, metrics=[Unregistered()] if strange else ["mae"] * heads)
    if from_file:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of NumPy, in what Keras does
            model.save(tmp_path / "net.keras")
        model = load_model(tmp_path / "net.keras")
    outputs_of = [(port.name, *port.names) for port in signature_of(model_opened(model)).outputs]
    found = compiled_of(model_opened(model), outputs_of)
    expected = list(loss.values()) if isinstance(loss, dict) else [loss]
    assert [class_name_of(each) for each in found.losses] == [
        each if isinstance(each, str) else type(each).__name__ for each in expected
    ]


def model_opened(model: Any) -> Any:
    found = opened(model)
    assert found.model is not model
    return found.model


def test_weights_that_inference_does_not_read_are_left_out_and_named() -> None:
    found = opened(STYLES["Assumed"].build())
    assert len(found.model.weights) == 4
    assert found.notes[1].startswith("weights that inference does not read are left out: 'assumed")


def test_a_plan_is_applied_to_a_subclassed_model(tmp_path: Path) -> None:
    model = STYLES["Nested"].build()
    pruned = prune(model, ratio=0.5, strategy="magnitude")
    pruned.plan.save(tmp_path / "plan.json")
    again = apply(model, Plan.load(tmp_path / "plan.json"))
    for one, two in zip(pruned.model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, two)


def test_opening_leaves_the_random_state_alone() -> None:
    model = STYLES["Plain"].build()
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002 # the global one
    opened(model)
    assert before == (random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002 # as above


def test_shapes_are_taken_from_the_build_the_user_or_data() -> None:
    assert opened(Plain(), input_shape=(5,)).model.input_shape == (None, 5)
    assert opened(Plain(), data=lambda: (FEATURES, None)).model.input_shape == (None, 5)
    model = STYLES["Pictures"].build()
    assert opened(model).model.input_shape == (None, 8, 8, 3)
    wider = opened(model, input_shape=(8, 8, 3)).model
    assert wider.input_shape == (None, 8, 8, 3)


class Fully(keras.Model):
    """Convolutions only: any size will do."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.last = layers.Conv2D(6, 3, padding="same"), layers.Conv2D(2, 1)

    def call(self, x: Any) -> Any:
        return self.last(self.conv(x))


def test_lengths_in_which_data_differs_from_the_build_are_left_open() -> None:
    model = Fully()
    model(np.zeros((1, 8, 8, 3)))
    found = opened(model, data=lambda: (np.zeros((2, 16, 16, 3), "float32"), None))
    assert found.model.input_shape == (None, None, None, 3)
    given = opened(model, input_shape=(32, 32, 3))
    assert given.model.input_shape == (None, 32, 32, 3)


@pytest.mark.parametrize("policy", ("mixed_float16", "mixed_bfloat16", "float64"))
def test_precisions_are_kept(policy: str) -> None:
    before = keras.config.dtype_policy().name
    keras.config.set_dtype_policy(policy)
    try:
        model = STYLES["Nested"].build()
        found = opened(model).model
    finally:
        keras.config.set_dtype_policy(before)
    assert {layer.dtype_policy.name for layer in found.layers if layer.weights} == {policy}
    expected, got = outputs(model, FEATURES)[0], outputs(found, FEATURES)[0]
    assert expected.dtype == got.dtype
    np.testing.assert_array_equal(expected, got)


def test_tokens_are_integers() -> None:
    assert opened(STYLES["Words"].build()).model.inputs[0].dtype == "int32"
    assert opened(STYLES["Plain"].build()).model.inputs[0].dtype == keras.config.floatx()
    model = STYLES["Words"].build()
    data = np.zeros((2, 7), "int64")
    assert opened(model, data=lambda: (data, None)).model.inputs[0].dtype == "int64"


def test_the_original_stays_as_it_was_where_it_is_run() -> None:
    model = STYLES["Sampling"].build()
    before = state(model)
    prune(model, ratio=0.5, verify=True)
    assert state(model) == before
    assert isinstance(model, Two)
