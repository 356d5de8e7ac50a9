"""What is said of a file is what its own runtime makes of the data, one sample at a time."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.exporting.export import export
from pytest_paoding.engine.pruning.pruner import prune
from pytest_paoding.errors import EvaluationError
from support.exported_models import inputs_for

FORMATS = ("tflite", "tflite-float16", "tflite-int8", "savedmodel", "onnx")


@pytest.fixture(scope="module")
def judged(make_model, tmp_path_factory):
    """A model, a pruned one, its files, data, and what is measured."""
    folder = tmp_path_factory.mktemp("files")
    original = make_model("image")
    pruned = prune(original, ratio=0.25, strategy="magnitude").model
    files = {each: folder / each for each in FORMATS}
    export(pruned, files)
    (x,) = inputs_for(original, 300)
    y = original(x, training=False).numpy().argmax(axis=1)
    y[::7] = 0
    found = evaluate(original, pruned, (x, y), epsilons=(0.02, 0.1), files=files)
    return original, pruned, files, (x, y), found


def classes_of_file(path, x):
    """Run a LiteRT file on one sample after the other, and undo the quantization by hand."""
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    (entry,), (end,) = interpreter.get_input_details(), interpreter.get_output_details()
    found = []
    for sample in x:
        value = sample[None]
        if entry["dtype"] is np.int8:
            scale, zero = entry["quantization"]
            value = np.clip(np.round(value / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(entry["index"], value)
        interpreter.invoke()
        found.append(interpreter.get_tensor(end["index"])[0].argmax())
    return np.array(found)


def adversarial(model, x, y, epsilon):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = keras.losses.sparse_categorical_crossentropy(y, model(x, training=False))
    return tf.clip_by_value(x + epsilon * tf.sign(tape.gradient(loss, x)), 0, 1).numpy()


@pytest.mark.parametrize("name", FORMATS[:3])
def test_every_metric_of_a_file_is_what_single_samples_add_up_to(judged, name):
    original, pruned, files, (x, y), found = judged
    before = original(x, training=False).numpy().argmax(axis=1)
    after = classes_of_file(files[name], x)
    total = len(x)
    right = (before == y).sum() / total, (after == y).sum() / total
    accuracy = found[f"accuracy@{name}"]
    assert (accuracy.before, accuracy.after, accuracy.found) == (*right, right[1])
    assert found[f"accuracy_decay@{name}"].found == pytest.approx(right[0] - right[1])
    assert found[f"accuracy_retention@{name}"].found == pytest.approx(right[1] / right[0])
    assert found[f"agreement@{name}"].found == (before == after).mean()
    for epsilon in (0.02, 0.1):
        shown = adversarial(pruned, x, y, epsilon)
        robust = (after == y) & (classes_of_file(files[name], shown) == y)
        measured = found[f"robust_accuracy@{epsilon}@{name}"]
        assert measured.found == pytest.approx(robust.mean(), abs=1.5 / total)
        assert measured.before == found[f"robust_accuracy@{epsilon}"].before
        assert measured.detail.endswith("; examples made on the pruned model")


def test_what_files_are_measured_by_does_not_change_what_the_model_is(judged):
    original, pruned, _, data, found = judged
    alone = evaluate(original, pruned, data, epsilons=(0.02, 0.1))
    assert {name: found[name] for name in alone} == alone
    names = {name.removesuffix("@onnx") for name in found if name.endswith("@onnx")}
    costs = {"parameters", "parameters_removed", "flops", "flops_reduction", "activation_memory"}
    apart = {name for name in alone if name.startswith(("transfer", "corruption"))}
    assert names == alone.keys() - costs - apart


def test_without_labels_only_agreement_is_known_and_without_data_nothing(judged):
    original, pruned, files, (x, _), _ = judged
    found = evaluate(original, pruned, (x, None), epsilons=(0.1,), files=files)
    assert found["agreement@tflite"].found == found["agreement"].found
    for name in ("accuracy@tflite", "accuracy_decay@tflite", "robust_accuracy@0.1@tflite"):
        assert found[name].reason == "the data has no labels"
    assert evaluate(original, pruned, None, files=files) == evaluate(original, pruned, None)


@pytest.mark.parametrize("name", ("two-ways", "logit", "token"))
def test_heads_of_all_kinds_are_read_as_those_of_the_model(make_model, tmp_path, name):
    model = make_model(name)
    files = {each: tmp_path / each for each in ("tflite", "onnx", "savedmodel")}
    spans = {"token": (0, 19)}
    export(model, files, input_range=spans.get(name, (0.0, 1.0)))
    inputs = inputs_for(model, 100)
    x = inputs[0] if len(inputs) == 1 else {"left": inputs[1], "right": inputs[0]}
    if inputs[0].shape[1] == 3:
        x = {"left": inputs[0], "right": inputs[1]}
    task = "binary" if name == "logit" else None  # which nothing else tells
    found = evaluate(model, model, (x, None), files=files, task=task)
    assert {found[f"agreement@{each}"].found for each in files} == {1.0}


def test_an_answer_that_is_always_the_same_is_the_files(make_model, tmp_path):
    model = make_model("image")
    constant = keras.models.clone_model(model)
    (x,) = inputs_for(model, 200)
    y = model(x, training=False).numpy().argmax(axis=1)
    y[:100] = np.arange(100) % 5
    constant.set_weights([np.zeros_like(each) for each in constant.get_weights()])
    export(constant, {"tflite": tmp_path / "a"})
    found = evaluate(model, model, (x, y), files={"tflite": tmp_path / "a"})
    assert found["accuracy_decay"].found == 0
    reason = found["accuracy_decay@tflite"].reason
    assert reason == "the tflite file is degenerate: class 0 for 100.0% of samples"


def test_outputs_of_a_file_that_are_not_finite_are_not_judged(make_model, tmp_path):
    model = make_model("image")
    broken = keras.models.clone_model(model)
    broken.set_weights([np.full_like(each, np.nan) for each in broken.get_weights()])
    export(broken, {"onnx": tmp_path / "a"})
    (x,) = inputs_for(model)
    with pytest.raises(EvaluationError, match="exported onnx model are not finite for 40 of 40"):
        evaluate(model, model, (x, None), files={"onnx": tmp_path / "a"})


def test_a_file_that_cannot_be_run_is_one_line(make_model, tmp_path):
    model = make_model("image")
    export(make_model("two-ways"), {"savedmodel": tmp_path / "a"})
    (x,) = inputs_for(model)
    with pytest.raises(EvaluationError, match="the savedmodel file cannot be run on the data: "):
        evaluate(model, model, (x, None), files={"savedmodel": tmp_path / "a"})
    (tmp_path / "b").write_bytes(b"no model")
    with pytest.raises(EvaluationError, match="the tflite file cannot be opened: ") as caught:
        evaluate(model, model, (x, None), files={"tflite": tmp_path / "b"})
    assert "\n" not in str(caught.value)
