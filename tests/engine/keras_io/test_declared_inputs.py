"""The inputs that a file declares are those of the model in it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.keras_io.declared_inputs import declared_inputs
from pytest_paoding.engine.keras_io.load import load_model
from support.saved_models import MODELS, OwnModel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning",  # of Keras, when it saves
    "ignore:When providing `inputs` as a dict:UserWarning",
)
layers = keras.layers


def joined(inputs: Any) -> Any:
    flat = keras.tree.flatten(inputs)
    return keras.Model(inputs, layers.Add()([layers.Dense(2)(each) for each in flat]))


def of_two(structure: str) -> Any:
    second, first = keras.Input((3,), name="second"), keras.Input((5,), name="first")
    return joined(
        {
            "list": [second, first],
            "tuple": (first, second),
            "dict": {"z": first, "a": second},
            "named otherwise": {"second": first, "first": second},
            "nested": [second, {"inner": first}],
            "one in a list": [second],
            "one in a dict": {"key": second},
        }[structure]
    )


def of_kind(dtype: str) -> Any:
    x = keras.Input((4,), name="values", dtype=dtype)
    return keras.Model(x, layers.Dense(2)(keras.ops.cast(x, "float32")))


def open_lengths() -> Any:
    x = keras.Input((None, None, 3), name="picture")
    return keras.Model(x, layers.GlobalMaxPooling2D()(layers.Conv2D(2, 3)(x)))


def single_numbers() -> Any:
    x = keras.Input((), name="number")
    return keras.Model(x, layers.Dense(2)(keras.ops.reshape(x, (-1, 1))))


def inner() -> Any:
    """A model whose first layer is a model, which has an input layer of its own."""
    x = keras.Input((6,), name="outer")
    return keras.Model(
        x, layers.Dense(2)(keras.Sequential([keras.Input((6,)), layers.Dense(3)])(x))
    )


def built_by_data() -> Any:
    model = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    model(np.zeros((1, 4)))
    return model


TELLING = {
    **{f"of two, {each}": lambda each=each: of_two(each) for each in ("list", "tuple", "dict")},
    **{each: lambda each=each: of_two(each) for each in ("named otherwise", "one in a list")},
    "one in a dict": lambda: of_two("one in a dict"),
    **{each: lambda each=each: of_kind(each) for each in ("int32", "float16", "uint8", "bool")},
    "open lengths": open_lengths,
    "model in a model": inner,
    "sequential": lambda: keras.Sequential([keras.Input((4,), name="x"), layers.Dense(2)]),
    "built by data": built_by_data,
    "sequential around a model": lambda: keras.Sequential([inner(), layers.Dense(2)]),
    "of a fixed batch": lambda: joined([keras.Input(batch_shape=(8, 3))]),
    "of single numbers": single_numbers,
    **MODELS,
}
"""Models that Keras alone can build."""


OPERATIONS = ("int32", "float16", "uint8", "bool", "of single numbers", "own class")
"""Models that no HDF5 file can hold."""
CASES = [
    *((kind, ".keras") for kind in TELLING),
    *((kind, ".h5") for kind in TELLING if kind not in OPERATIONS),
]


@pytest.mark.parametrize(("kind", "ending"), CASES)
def test_what_is_declared_is_what_loading_finds(tmp_path: Path, kind: str, ending: str) -> None:
    path = tmp_path / f"model{ending}"
    TELLING[kind]().save(path)
    loaded = signature_of(load_model(path)).inputs
    assert declared_inputs(path) in (loaded, None)
    if kind != "own class":
        assert declared_inputs(path) == loaded


def test_inputs_that_are_nested_are_not_told(tmp_path: Path) -> None:
    of_two("nested").save(tmp_path / "model.keras")
    assert declared_inputs(tmp_path / "model.keras") is None


def test_a_class_of_ones_own_tells_no_inputs(tmp_path: Path) -> None:
    x = keras.Input((4,))
    OwnModel(x, layers.Dense(2)(x)).save(tmp_path / "model.keras")
    assert declared_inputs(tmp_path / "model.keras") is None


def changed(path: Path, config: Any) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
    return path


SHAPED: dict[str, Any] = {"class_name": "InputLayer", "config": {"name": "x", "dtype": "float32"}}
WHOLE = {**SHAPED["config"], "batch_shape": [None, 4]}
FORGED: dict[str, Any] = {
    "no object": [],
    "a number": 3,
    "no json": "{",
    "nothing": {},
    "no layers": {"class_name": "Sequential", "config": {"layers": []}},
    "no shape": {"class_name": "Sequential", "config": {"layers": [SHAPED]}},
    "a shape of words": {
        "class_name": "Sequential",
        "config": {
            "layers": [{**SHAPED, "config": {**SHAPED["config"], "batch_shape": [None, "a"]}}]
        },
    },
    **{
        f"{key} {value}": {
            "class_name": "Sequential",
            "config": {"layers": [{**SHAPED, "config": {**WHOLE, key: value}}]},
        }
        for key, values in {
            "dtype": ("floaty99", "V4", "datetime64[s]", "object", None, 3, {}),
            "batch_shape": ([None, -4], [None, 0], [None, 2**40], [None, 1.5], 4, {}, [None, True]),
            "optional": (True,),
            "sparse": (True,),
            "ragged": (True,),
        }.items()
        for value in values
    },
    "an input from within": {
        "class_name": "Functional",
        "config": {"layers": [SHAPED], "input_layers": [["x", 1, 0]]},
    },
    "an input that is missing": {
        "class_name": "Functional",
        "config": {"layers": [SHAPED], "input_layers": [["y", 0, 0]]},
    },
}


@pytest.mark.parametrize("config", FORGED.values(), ids=FORGED)
def test_a_damaged_file_tells_nothing(tmp_path: Path, config: Any) -> None:
    assert declared_inputs(changed(tmp_path / "model.keras", config)) is None


def test_a_whole_one_tells(tmp_path: Path) -> None:
    layers_of = [{**SHAPED, "config": WHOLE}]
    config = {"class_name": "Sequential", "config": {"layers": layers_of}}
    (port,) = declared_inputs(changed(tmp_path / "model.keras", config)) or ()
    assert (port.name, port.shape, port.dtype) == ("x", (4,), "float32")


@pytest.mark.parametrize("dtype", ("bfloat16", "float8_e4m3fn"))
def test_a_dtype_that_not_everybody_knows_is_told_or_not_but_costs_nothing(
    tmp_path: Path, dtype: str
) -> None:
    """NumPy knows it once somebody has taught it, as TensorFlow does."""
    layers_of = [{**SHAPED, "config": {**WHOLE, "dtype": dtype}}]
    config = {"class_name": "Sequential", "config": {"layers": layers_of}}
    path = changed(tmp_path / "model.keras", config)
    code = "import sys; from pathlib import Path; import numpy as np\n"
    code += "from pytest_paoding.engine.evaluation.data.early_look import look_early\n"
    code += "data = np.ones((3, 4)), np.arange(3)\n"
    code += "assert look_early(Path(sys.argv[1]), data) is data\n"
    for first in ("", "import ml_dtypes\n"):
        subprocess.run([sys.executable, "-c", first + code, path], check=True)


@pytest.mark.parametrize("name", ("gone.keras", "gone.h5", "text.keras", "text.h5", "folder"))
def test_what_is_no_model_tells_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.keras").write_text("text")
    (tmp_path / "text.h5").write_text("text")
    (tmp_path / "folder").mkdir()
    assert declared_inputs(tmp_path / name) is None
