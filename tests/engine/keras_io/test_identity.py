"""By what results are found again, and what cannot be found again."""

from __future__ import annotations

import json
import warnings
import zipfile
from types import FunctionType
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from pytest_paoding.engine.graph.rules import registry
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.engine.keras_functions import KERAS_FUNCTIONS
from pytest_paoding.engine.keras_io.identity import of_data
from pytest_paoding.gate.source import Source

if TYPE_CHECKING:
    from pathlib import Path

ENGINE = KerasEngine()


class Doubling(keras.layers.Layer):
    def call(self, x):
        return 2 * x


def network(*more: keras.layers.Layer, seed: int = 0) -> keras.Model:
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((4,), name="x"), keras.layers.Dense(6, name="hidden"), *more]
    return keras.Sequential(layers, name="net")


def saved(model: keras.Model, path: Path) -> Path:
    ENGINE.save(model, path)
    return path


def test_a_file_is_told_by_its_bytes_and_a_model_by_its_weights(tmp_path: Path) -> None:
    one, two = (saved(network(seed=seed), tmp_path / f"{seed}.keras") for seed in (0, 1))
    copy = tmp_path / "copy.keras"
    copy.write_bytes(one.read_bytes())
    assert ENGINE.identify(one) == ENGINE.identify(copy) != ENGINE.identify(two)
    assert ENGINE.identify(network()) == ENGINE.identify(network()) == ENGINE.digest(network())
    assert ENGINE.identify(network()) != ENGINE.identify(network(seed=1))


def compiled(loss: Any, metrics: Any = None, optimizer: str = "adam") -> keras.Model:
    model = network()
    model.compile(optimizer, loss, metrics=metrics)
    return model


@pytest.mark.parametrize(
    "other",
    (
        network,
        lambda: compiled("mae"),
        lambda: compiled(keras.losses.Huber(2.0)),
        lambda: compiled("mse", ["mae"]),
        lambda: compiled("mse", [keras.metrics.R2Score()]),
    ),
    ids=range(5),
)
def test_the_losses_and_metrics_a_model_is_judged_by_belong_to_it(other: Any) -> None:
    assert ENGINE.identify(compiled("mse")) == ENGINE.identify(compiled("mse", None, "sgd"))
    assert ENGINE.identify(other()) == ENGINE.identify(other()) != ENGINE.identify(compiled("mse"))
    assert ENGINE.digest(other()) == ENGINE.digest(compiled("mse"))


@keras.saving.register_keras_serializable("project")
class Error(keras.metrics.MeanSquaredError):
    pass


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_metrics_of_the_project_have_code_that_no_digest_covers(tmp_path: Path) -> None:
    model = compiled("mse", [Error()])
    assert ENGINE.identify(model) is None
    model.save(tmp_path / "model.keras")
    assert ENGINE.identify(tmp_path / "model.keras") is None


def test_layers_of_the_project_have_code_that_no_digest_covers(tmp_path: Path) -> None:
    model = network(Doubling())
    assert ENGINE.identify(model) is None
    assert ENGINE.identify(saved(model, tmp_path / "model.keras")) is None
    nested = network(keras.Sequential([Doubling()]))
    assert ENGINE.identify(nested) is None


def test_rules_of_the_project_are_such_code_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ENGINE.identify(network()) is not None
    monkeypatch.setitem(registry._rules, Doubling, lambda visit: visit.input)
    assert ENGINE.identify(network()) is None


def test_what_is_no_model_file_is_not_identified(tmp_path: Path) -> None:
    for name in ("absent.keras", "text.keras", "empty.keras"):
        if name != "absent.keras":
            (tmp_path / name).write_text("text")
        if name == "empty.keras":
            zipfile.ZipFile(tmp_path / name, "w").close()
        assert ENGINE.identify(tmp_path / name) is None
    path = saved(network(), tmp_path / "legacy.keras").rename(tmp_path / "model.h5")
    path.write_bytes(path.read_bytes()[:-10])
    assert ENGINE.identify(path) is None


def identity(path: Path) -> str | None:
    """Return what a gate stores the results of a file under."""
    return Source(ENGINE, path, model=None, hook=lambda: None).identify()


def kept_as(model: keras.Model, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
    return path


def other_weight(at: int) -> keras.Model:
    model = network()
    value = model.weights[at].numpy().copy()
    value.flat[-1] = np.nextafter(value.flat[-1], np.float32(9))
    model.weights[at].assign(value)
    return model


OTHERS = {
    "the last bit of a kernel": lambda: other_weight(0),
    "the last bit of a bias": lambda: other_weight(1),
    "another layer": lambda: network(keras.layers.ReLU()),
    "another setting of a layer": lambda: network(keras.layers.ReLU(max_value=6.0)),
    "another loss": lambda: compiled("mae"),
    "another metric": lambda: compiled("mse", ["mae"]),
}


@pytest.mark.parametrize("ending", ("keras", "h5", "hdf5"))
def test_a_file_of_any_format_is_told_by_all_that_is_judged(tmp_path: Path, ending: str) -> None:
    one, two = (kept_as(network(), tmp_path / f"{each}.{ending}") for each in "ab")
    assert identity(one) is not None
    if ending != "keras":  # which holds the time it was saved at
        assert identity(one) == identity(two) == ENGINE.identify(network())
    found = {
        name: identity(kept_as(make(), tmp_path / f"other.{ending}"))
        for name, make in OTHERS.items()
    }
    assert None not in found.values()
    assert len({*found.values(), identity(one)}) == len(found) + 1


@keras.saving.register_keras_serializable("project")
def doubled(x: Any) -> Any:
    return 2 * x


def bare(x: Any) -> Any:
    return 2 * x


@keras.saving.register_keras_serializable("project")
class Filed(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        return 2 * x


FOREIGN = {
    "layer": lambda: network(Filed()),
    "bare layer": lambda: network(Doubling()),
    "activation": lambda: network(keras.layers.Dense(3, doubled)),
    "bare activation": lambda: network(keras.layers.Dense(3, bare)),
    "activation within": lambda: network(keras.Sequential([keras.layers.Dense(3, doubled)])),
    "function": lambda: network(keras.layers.Lambda(doubled)),
    "bare function": lambda: network(keras.layers.Lambda(bare)),
    "metric": lambda: compiled("mse", [doubled]),
}


@pytest.mark.parametrize("part", ("loss", "metrics", "weighted_metrics"))
@pytest.mark.parametrize("name", ("doubled", "nobodys", "mean_squared_error"))
def test_a_function_that_was_compiled_by_its_bare_name_may_be_of_the_project(
    tmp_path: Path, part: str, name: str
) -> None:
    """So Keras wrote functions that are registered, up to 3.6, and finds them again."""
    path = kept_as(compiled("mse", ["mae"]), tmp_path / "net.keras")
    written = {"module": "builtins", "class_name": "function", "config": name}
    with zipfile.ZipFile(path) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    config = json.loads(parts["config.json"])
    whole = {**written, "registered_name": "function"}
    config["compile_config"][part] = whole if part == "loss" else [whole]
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in parts.items():
            archive.writestr(each, content)
    assert (identity(path) is None) == (name != "mean_squared_error")


def test_the_functions_that_are_taken_for_those_of_keras_are() -> None:
    """Some are of later versions than this one."""
    of_keras = {
        name
        for module in (keras.losses, keras.metrics, keras.activations)
        for name, each in vars(module).items()
        if isinstance(each, FunctionType) and name not in ("get", "serialize", "deserialize")
    }
    assert of_keras - KERAS_FUNCTIONS <= {"swish", "hard_swish"}  # names of others


@pytest.mark.parametrize("ending", ("keras", "h5"))
@pytest.mark.parametrize("kind", FOREIGN)
def test_code_of_the_project_has_no_digest_in_any_format(
    kind: str, ending: str, tmp_path: Path
) -> None:
    with keras.saving.custom_object_scope({"bare": bare, "Doubling": Doubling}):
        assert kind == "metric" or ENGINE.identify(FOREIGN[kind]()) is None
        assert identity(kept_as(FOREIGN[kind](), tmp_path / f"net.{ending}")) is None


@pytest.mark.parametrize("ending", ("keras", "h5"))
def test_functions_of_keras_are_not_the_projects(ending: str, tmp_path: Path) -> None:
    model = network(keras.layers.Dense(3, keras.ops.tanh), keras.layers.Lambda(keras.ops.tanh))
    model.compile("adam", keras.losses.mean_squared_error)
    path = kept_as(model, tmp_path / f"net.{ending}")
    assert identity(path) == identity(path) is not None


X = np.arange(6, dtype="float32").reshape(2, 3)


@pytest.mark.parametrize(
    "other",
    (
        (X + 1, [0, 1]),
        (X.astype("float64"), [0, 1]),
        (X.reshape(3, 2), [0, 1]),
        (X, [0, 2]),
        (X, (0, 1)),
        (X, None),
        ({"a": X}, [0, 1]),
        [X, [0, 1]],
    ),
    ids=range(8),
)
def test_data_is_told_by_its_values_types_and_shapes(other: object) -> None:
    assert of_data((X, [0, 1])) == of_data((X.copy(), [0, 1]))
    assert of_data(other) == of_data(other) != of_data((X, [0, 1]))


def test_names_of_inputs_and_their_order_count() -> None:
    assert of_data({"a": X, "b": X}) != of_data({"a": X, "c": X})
    assert of_data({"a": X, "b": X + 1}) != of_data({"b": X + 1, "a": X})


@pytest.mark.parametrize(
    "data", (iter([X]), (X, iter([0])), np.array([None]), object(), {"x": {X.tobytes()}})
)
def test_data_that_is_used_up_or_opaque_has_no_digest(data: object) -> None:
    assert ENGINE.fingerprint(data) is None
    assert ENGINE.fingerprint(None) is not None
