"""Every format holds the model's function, as its own runtime runs it."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.exporting import packages
from pytest_paoding.engine.exporting.export import export
from pytest_paoding.engine.exporting.runtimes import open_file
from pytest_paoding.engine.exporting.serving import ENTRY, Keys
from pytest_paoding.errors import DataError, ExportError
from support.exported_models import inputs_for

EXACT = ("tflite", "savedmodel", "onnx")
CLOSE = {"tflite-float16": 5e-3, "tflite-int8": 0.06}
RANGE = {"image": (0.0, 1.0), "token": (0, 19)}


def expected(model, inputs):
    structure = keras.tree.pack_sequence_as(signature_of(model).structure, inputs)
    return [each.numpy() for each in keras.tree.flatten(model(structure, training=False))]


@pytest.mark.parametrize("name", ("image", "two-ways", "token", "recurrent", "logit"))
def test_a_file_computes_what_the_model_does(make_model, tmp_path, name):
    model = make_model(name)
    formats = (*EXACT, *CLOSE) if name != "recurrent" else (*EXACT, "tflite-float16")
    files = {each: tmp_path / each for each in formats}
    notes = export(model, files, input_range=RANGE.get(name, (0.0, 1.0)))
    alone = [note for note in notes if "one sample at a time" in note]
    assert len(alone) == (2 if name == "recurrent" else 0)
    inputs = inputs_for(model)
    wanted = expected(model, inputs)
    for each, path in files.items():
        found = open_file(each, path, signature_of(model)).run(inputs)
        assert [part.shape for part in found] == [part.shape for part in wanted]
        for part, right in zip(found, wanted, strict=True):
            assert np.abs(part - right).max() < CLOSE.get(each, 1e-5), each


def test_a_recurrent_file_forgets_what_it_has_seen_before(make_model, tmp_path):
    model = make_model("recurrent")
    export(model, {"tflite": tmp_path / "a.tflite"})
    runtime = open_file("tflite", tmp_path / "a.tflite", signature_of(model))
    inputs = inputs_for(model)
    first, again = runtime.run(inputs), runtime.run(inputs)
    np.testing.assert_array_equal(first[0], again[0])


def test_int8_is_integers_from_end_to_end(make_model, tmp_path):
    model = make_model("image")
    export(model, {"tflite-int8": tmp_path / "a.tflite"})
    runner = Interpreter(str(tmp_path / "a.tflite")).get_signature_runner(ENTRY)
    (entry,), (end,) = (
        runner.get_input_details().values(),
        runner.get_output_details().values(),
    )
    assert entry["dtype"] is end["dtype"] is np.int8
    scale, zero = entry["quantization"]
    assert scale * (-128 - zero) <= 0.01  # the whole range of the input can be said
    assert scale * (127 - zero) >= 0.99


def test_files_name_inputs_and_outputs_as_the_model_does(make_model, tmp_path):
    model = make_model("two-ways")
    export(model, {"tflite": tmp_path / "a.tflite"})
    signatures = Interpreter(str(tmp_path / "a.tflite")).get_signature_list()
    assert signatures == {ENTRY: {"inputs": ["left", "right"], "outputs": ["kind", "size"]}}


def test_names_that_are_no_identifiers_or_not_unique_are_made_so():
    inputs = [keras.Input((2,), name=name) for name in ("a b", "a-b")]
    outputs = [keras.layers.Dense(1, name=name)(inputs[0]) for name in ("a.b", "a_b_2", "c")]
    keys = Keys.of(signature_of(keras.Model(inputs, outputs)))
    assert keys == Keys(("a_b", "a_b_2"), ("a_b_3", "a_b_2_2", "c"))


def test_litert_files_have_the_same_bytes_in_every_process(tmp_path):
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from pathlib import Path
import keras
from support.exported_models import image_model
from pytest_paoding.engine.exporting.export import export
keras.utils.set_random_seed(3)
model = image_model()
names = ("tflite", "tflite-float16", "tflite-int8")
export(model, {{name: Path(sys.argv[1], name) for name in names}})
"""
    digests = []
    for seed in "12":
        (folder := tmp_path / seed).mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, folder], check=True, env=environment)
        digests.append([hashlib.sha256(p.read_bytes()).digest() for p in sorted(folder.iterdir())])
    assert digests[0] == digests[1]
    assert len(digests[0]) == 3


def test_a_savedmodel_is_a_folder_in_an_archive_with_the_weights_once(make_model, tmp_path):
    model = make_model("image")
    export(model, {"savedmodel": tmp_path / "a.zip"})
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        archive.extractall(tmp_path / "out")
    weights = 4 * model.count_params()
    assert weights <= sizes["variables/variables.data-00000-of-00001"] < 1.1 * weights + 5000
    (inputs,) = inputs_for(model)
    served = tf.saved_model.load(str(tmp_path / "out")).signatures[ENTRY]
    np.testing.assert_allclose(
        served(image=inputs)["kind"], expected(model, [inputs])[0], atol=1e-6
    )


def test_nothing_is_printed_drawn_or_changed(make_model, tmp_path, capfd):
    model = make_model("image")
    weights = [each.copy() for each in model.get_weights()]
    drawn, of_numpy = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002 - whether it is drawn from
    files = {each: tmp_path / each for each in (*EXACT, *CLOSE)}
    export(model, files)
    for name, path in files.items():
        open_file(name, path, signature_of(model)).run(inputs_for(model))
    assert capfd.readouterr() == ("", "")
    assert random.getstate() == drawn
    assert (np.random.get_state()[1] == of_numpy).all()  # noqa: NPY002 - as above
    for now, before in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, before)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_a_loop_has_no_form_in_integers_but_an_unrolled_one_has(make_model, tmp_path):
    with pytest.raises(ExportError, match=r"tflite-int8: sequential\S*/lstm\S*/while is a loop"):
        export(make_model("recurrent"), {"tflite-int8": tmp_path / "a"})
    unrolled = keras.layers.LSTM(8, unroll=True)
    model = keras.Sequential([keras.Input((5, 3)), unrolled, keras.layers.Dense(3)])
    export(model, {"tflite-int8": tmp_path / "a"})
    inputs = inputs_for(model)
    (found,) = open_file("tflite-int8", tmp_path / "a", signature_of(model)).run(inputs)
    assert np.abs(found - expected(model, inputs)[0]).max() < 0.1


@pytest.mark.parametrize("name", ("tflite", "tflite-int8"))
def test_what_has_no_counterpart_is_one_line_that_names_it(tmp_path, capfd, name):
    layer = keras.layers.Dense(4, dtype="float64", name="precise")
    model = keras.Sequential([keras.Input((3,), dtype="float64"), layer])
    with pytest.raises(ExportError, match=rf"cannot be exported as {name}: .*precise") as caught:
        export(model, {name: tmp_path / "a.tflite"})
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert not any(tmp_path.iterdir())


class Untracked(keras.layers.Layer):
    """A layer whose variable Keras does not know."""

    def build(self, _):
        self.hidden = [tf.Variable([1.0, 2.0, 3.0])]

    def call(self, x):
        return x * self.hidden[0]


@pytest.mark.parametrize("name", ("savedmodel", "tflite"))
def test_a_model_that_cannot_be_saved_is_one_line(tmp_path, name):
    model = keras.Sequential([keras.Input((3,)), Untracked()], name="odd")
    with pytest.raises(ExportError, match="cannot be exported") as caught:
        export(model, {name: tmp_path / "a"})
    assert "\n" not in str(caught.value)


def test_onnx_says_what_it_cannot_convert(tmp_path, capfd):
    odd = keras.layers.Lambda(lambda x: tf.raw_ops.Betainc(a=x, b=x, x=x), name="odd")
    model = keras.Sequential([keras.Input((3,)), odd])
    with pytest.raises(ExportError, match=r"cannot be exported as onnx: .*Betainc") as caught:
        export(model, {"onnx": tmp_path / "a.onnx"})
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("count", "taken"), ((40, 40), (300, 150), (1000, 250)))
def test_calibration_is_taken_evenly_and_told(make_model, tmp_path, count, taken):
    model = make_model("image")
    inputs = np.random.default_rng(0).random((count, 8, 8, 1))
    (note,) = export(model, {"tflite-int8": tmp_path / "a"}, calibration=inputs)
    assert note == f"the tflite-int8 file is calibrated on {taken} inputs given as calibration"
    given = (tmp_path / "a").read_bytes()
    (note,) = export(model, {"tflite-int8": tmp_path / "a"})
    assert note == "the tflite-int8 file is calibrated on 256 synthetic inputs"
    assert (tmp_path / "a").read_bytes() != given


def test_the_seed_draws_the_synthetic_inputs(make_model, tmp_path):
    model = make_model("image")
    contents = []
    for seed in (0, 1):
        export(model, {"tflite-int8": tmp_path / "a"}, seed=seed)
        contents.append((tmp_path / "a").read_bytes())
    assert contents[0] != contents[1]


def test_calibration_that_does_not_fit_is_refused(make_model, tmp_path):
    with pytest.raises(DataError, match="calibration for input 'image' has the shape"):
        export(make_model("image"), {"tflite-int8": tmp_path / "a"}, calibration=np.zeros((3, 2)))


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch):
    def version(package):
        if package in {"ai-edge-litert", "tf2onnx"}:
            raise packages.PackageNotFoundError(package)
        return "1"

    monkeypatch.setattr(packages, "version", version)
    assert packages.versions(["savedmodel"]) == {}
    message = 'format tflite-int8 needs ai-edge-litert, .*: pip install "pytest-paoding.litert."'
    with pytest.raises(ExportError, match=message):
        packages.versions(["tflite-int8"])
    with pytest.raises(ExportError, match=r"format onnx needs tf2onnx, .*pytest-paoding.onnx."):
        packages.versions(["savedmodel", "onnx"])
