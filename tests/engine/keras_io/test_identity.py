"""By what results are found again, and what cannot be found again."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from pytest_paoding.engine.graph.rules import registry
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.engine.keras_io.identity import of_data

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
