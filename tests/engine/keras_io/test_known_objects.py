"""What a file may name: Keras hears of nothing else, whatever its version would do with it."""

from __future__ import annotations

import json

import h5py
import keras
import numpy as np
import pytest
from keras.src.layers.preprocessing.index_lookup import IndexLookup

from pytest_paoding.engine.keras_io.archive import inspect
from pytest_paoding.engine.keras_io.known_objects import _computes, _own, refuse_unknown
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from support.bad_files import forged, layer, layers, refused

KINDS = "activations constraints initializers layers losses metrics optimizers regularizers"


def function(module, name):
    return {"class_name": "function", "module": module, "config": name, "registered_name": name}


def instance(module, name, /, **config):
    return {"class_name": name, "module": module, "config": config, "registered_name": None}


def lookup(name, folder):
    return instance("keras.layers", name, name="evil", vocabulary=str(folder / "words.txt"))


FUNCTIONS = (
    ("os", "system"),
    ("pydoc", "pipepager"),
    ("builtins", "eval"),
    ("builtins", "open"),
    ("subprocess", "call"),
    ("keras.utils", "get_file"),
    ("keras.config", "enable_unsafe_deserialization"),
    ("keras.saving", "load_model"),
    ("keras.layers", "deserialize"),
    ("keras.src.utils.file_utils", "copy"),
    ("canary", "sing"),
    ("canary", "relu"),
)
CLASSES = {
    "popen": lambda _: instance("subprocess", "Popen", args=["touch", "canary.txt"]),
    "of a module that nobody imported": lambda _: instance("canary", "Canary"),
    "of a module that Keras has a name of": lambda _: instance("canary", "Dense", units=8),
    "registered under another name": lambda _: {
        **instance("keras.layers", "Dense", units=8),
        "registered_name": "load_model",
    },
    "a function's name": lambda _: {"class_name": "deserialize", "config": {"config": {}}},
    "a type": lambda _: {
        "class_name": "__typespec__",
        "spec_name": "Canary",
        "module": "canary",
        "registered_name": "Canary",
        "config": [],
    },
    "TFSMLayer": lambda at: instance("keras.layers", "TFSMLayer", filepath=str(at)),
    "TFSMLayer without a module": lambda at: {
        "class_name": "TFSMLayer",
        "config": {"filepath": str(at)},
    },
    "JaxLayer": lambda _: instance("keras.layers", "JaxLayer", call_fn=None),
    "FlaxLayer": lambda _: instance("keras.layers", "FlaxLayer", module=None),
    "TorchModuleWrapper": lambda _: instance("keras.layers", "TorchModuleWrapper", module=""),
    "StringLookup": lambda at: lookup("StringLookup", at),
    "IntegerLookup": lambda at: lookup("IntegerLookup", at),
    "TextVectorization": lambda at: lookup("TextVectorization", at),
    "wide values": lambda _: {
        "class_name": "__numpy__",
        "config": {"value": ["a"] * 9, "dtype": "U200000000"},
    },
    "no name": lambda _: {"class_name": 3, "config": {}},
    "a list": lambda _: {"class_name": ["Dense"], "config": {}},
}


def as_layer(part):
    """Return a change of a configuration: the part is a layer more."""

    def change(value):
        value["config"]["layers"].insert(2, part)

    return change


def as_lambda(part):
    return as_layer(
        instance("keras.layers", "Lambda", name="evil", function=part, arguments={"cmd": "true"})
    )


def as_activation(part):
    def change(value):
        layer(value, "hidden")["config"]["activation"] = part

    return change


def as_loss(part):
    """Hide it in how a nested model was compiled: Keras makes it, though it shall not compile."""

    def change(value):
        inner = {**value, "compile_config": {"optimizer": "adam", "loss": part}}
        value["config"] = {**value["config"], "layers": [value["config"]["layers"][0], inner]}

    return change


PLACES = (as_layer, as_lambda, as_activation, as_loss)


@pytest.fixture
def silent(tmp_path, monkeypatch):
    """Have a module that leaves a trace if it is imported, and see that Keras is asked nothing."""
    trace = tmp_path / "trace"
    code = (
        f"open({str(trace)!r}, 'w').close()\nsing = relu = len\nclass Canary: pass\nDense = Canary"
    )
    (tmp_path / "canary.py").write_text(code)
    (tmp_path / "words.txt").write_text("secret\n")
    monkeypatch.syspath_prepend(tmp_path)

    def asked(*_, **__):
        raise AssertionError

    monkeypatch.setattr(keras.models, "load_model", asked)
    yield tmp_path
    assert not trace.exists()


@pytest.fixture(scope="module")
def files(sound, tmp_path_factory):
    """The sound model in both formats."""
    path = tmp_path_factory.mktemp("legacy") / "sound.h5"
    load_model(sound).save(path)
    return {".keras": sound, ".h5": path}


def edited(source, target, change):
    """Copy a file of either format, with its configuration changed."""
    if source.suffix == ".keras":
        return forged(source, target, config=change)
    target.write_bytes(source.read_bytes())
    with h5py.File(target, "r+") as file:
        value = json.loads(file.attrs["model_config"])
        change(value)
        file.attrs["model_config"] = json.dumps(value)
    return target


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", (".keras", ".h5"))
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("part", FUNCTIONS, ids=".".join)
def test_functions_of_other_modules_are_not_known(silent, files, part, place, suffix):
    path = edited(files[suffix], silent / f"forged{suffix}", place(function(*part)))
    refused(path, f"{'.'.join(part)}'")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", (".keras", ".h5"))
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", CLASSES)
def test_classes_that_do_more_than_compute_are_not_known(silent, files, kind, place, suffix):
    path = edited(files[suffix], silent / f"forged{suffix}", place(CLASSES[kind](silent)))
    refused(path, "")


ROOTS = {
    "an optimizer": instance("keras.optimizers", "Adam", learning_rate=0.1),
    "a layer": instance("keras.layers", "Dense", units=3),
    "a function": function("keras.activations", "relu"),
    "a tensor": {"class_name": "__tensor__", "config": {"value": 1, "dtype": "float32"}},
    "nothing": {},
    "another thing": {"class_name": "Sequential"},
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", (".keras", ".h5"))
@pytest.mark.parametrize("root", ROOTS)
def test_what_is_no_model_is_none(silent, files, root, suffix):
    def change(value):
        value.clear()
        value.update(ROOTS[root])

    path = edited(files[suffix], silent / f"forged{suffix}", change)
    refused(path, "holds no model but ")


@keras.saving.register_keras_serializable("known_objects")
def doubled(x):
    return 2 * x


@keras.saving.register_keras_serializable("known_objects")
class Words(layers.StringLookup):
    pass


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", (".keras", ".h5"))
@pytest.mark.parametrize(
    "part",
    (
        doubled,
        keras.ops.relu,
        keras.activations.gelu,
        keras.losses.mean_squared_error,
    ),
    ids=lambda each: each.__name__,
)
def test_functions_of_keras_and_registered_ones_are_known(tmp_path, part, suffix):
    arguments = {"y_pred": 0.0} if part is keras.losses.mean_squared_error else {}
    tail = [layers.Lambda(part, arguments=arguments), layers.Flatten(), layers.Dense(2)]
    model = keras.Sequential([keras.Input((4, 4, 3)), *tail])
    model.save(tmp_path / f"model{suffix}")
    found = load_model(tmp_path / f"model{suffix}")
    x = np.ones((1, 4, 4, 3), "float32")
    np.testing.assert_array_equal(found(x), model(x))


def test_a_function_that_was_written_down_without_its_package_is_known(tmp_path, sound):
    """As Keras 3.6 did; not all later ones find it."""
    change = as_activation(function("builtins", "doubled"))
    path = forged(sound, tmp_path / "old.keras", config=change)
    refuse_unknown(path, inspect(path).config)
    forged(sound, path, config=as_activation(function("builtins", "trebled")))
    refused(path, "needs the function 'trebled'")


def test_words_in_the_file_itself_are_known_and_registered_classes_open_no_other(tmp_path):
    words = keras.Input((1,), dtype="string")
    lookup = Words(vocabulary=["one", "two"], output_mode="one_hot", name="words")
    save_model(keras.Model(words, layers.Dense(2)(lookup(words))), tmp_path / "words.keras")
    assert load_model(tmp_path / "words.keras").get_layer("words").get_vocabulary()[1:] == [
        "one",
        "two",
    ]

    def config(value):
        layer(value, "words")["config"]["vocabulary"] = "/etc/hostname"

    path = forged(tmp_path / "words.keras", tmp_path / "forged.keras", config=config)
    refused(path, "'words' would read its vocabulary from another file, '/etc/hostname'")


APART = {"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"}


def test_all_public_classes_of_keras_are_known_but_those_that_run_other_code():
    public = {
        (f"keras.{kind}", name): each
        for kind in KINDS.split()
        for name, each in vars(getattr(keras, kind)).items()
        if isinstance(each, type)
    }
    known = {
        name
        for (module, name), each in public.items()
        if _computes(_own(instance(module, name), name, None)) and _computes(each)
    }
    assert len(public) > 250
    assert {name for _, name in public} - known == APART
    assert issubclass(public["keras.layers", "StringLookup"], IndexLookup)
