"""A cut model outside this process: saved, loaded without the plugin, exported, trained."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from support.oracles import batch, outputs, randomise, removal
from support.patterns import PATTERNS

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    *("residual", "squeeze_and_excite", "autoencoder", "grouped", "channel_shuffle", "slices"),
    *("recurrent_stack", "bidirectional_concat", "time_distributed", "transformer_block"),
    *("encoder_used_twice", "nested_model_in_a_sequential", "two_inputs_two_outputs"),
    *("positions_are_a_constant", "prelu_of_both_kinds", "einsum_dense", "unequal_split"),
)
LOADER = """
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
import keras
for name in sys.argv[2:]:
    data = np.load(f"{sys.argv[1]}/{name}.npz")
    model = keras.models.load_model(f"{sys.argv[1]}/{name}.keras")
    given = [data[key] for key in sorted(data) if key.startswith("in")]
    wanted = [data[key] for key in sorted(data) if key.startswith("out")]
    structured = (
        given[0] if isinstance(model, keras.Sequential)
        else keras.tree.pack_sequence_as(model.input, given)
    )
    found = keras.tree.flatten(model(structured, training=False))
    assert all(np.array_equal(one, two) for one, two in zip(found, wanted, strict=True)), name
assert not any(name.startswith("pytest_paoding") for name in sys.modules)
print("loaded", len(sys.argv[2:]))
"""


def pruned(name: str) -> Any:
    structure = walk(randomise(PATTERNS[name].build()), rule_for)
    return cut(structure, Transform(removal(structure))).model


def test_it_loads_in_a_process_that_does_not_know_this_package(tmp_path: Path) -> None:
    names = [name for name in NAMES if name in PATTERNS]
    for name in names:
        model = pruned(name)
        inputs = batch(model)
        arrays = {f"in{number}": each for number, each in enumerate(inputs)}
        arrays |= {f"out{number}": each for number, each in enumerate(outputs(model, inputs))}
        np.savez(tmp_path / f"{name}.npz", **arrays)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Keras, while it saves
            model.save(tmp_path / f"{name}.keras")
    loader = tmp_path / "loader.py"
    loader.write_text(LOADER)
    found = subprocess.run(
        [sys.executable, loader, tmp_path, *names],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert found.stdout.splitlines()[-1:] == [f"loaded {len(names)}"], found.stderr[-2000:]


@pytest.mark.parametrize("name", ("residual", "encoder_used_twice", "transformer_block", "slices"))
def test_it_fits_one_step(name: str) -> None:
    model = pruned(name)
    model.compile("sgd", "mse")
    inputs = batch(model)
    before = [values.copy() for values in model.get_weights()]
    model.fit(inputs if len(inputs) > 1 else inputs[0], np.zeros((3, 3)), epochs=1, verbose=0)
    after = model.get_weights()
    changed = [not np.array_equal(one, two) for one, two in zip(before, after, strict=True)]
    assert np.mean(changed) > 0.6
    assert all(np.isfinite(values).all() for values in after)


@pytest.mark.parametrize("name", ("residual", "transformer_block", "channel_shuffle"))
def test_it_exports_to_a_saved_model(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = pruned(name)
    inputs = batch(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Keras, while it exports
        model.export(tmp_path / "saved")
    capfd.readouterr()  # it writes to the terminal
    loaded = tf.saved_model.load(tmp_path / "saved")  # its functions hold no reference to it
    served = loaded.serve(tf.constant(inputs[0]))
    assert np.allclose(served, outputs(model, inputs)[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ("residual", "squeeze_and_excite", "transformer_block"))
def test_it_converts_to_tflite(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    model = pruned(name)
    inputs = [each.astype(np.float32) for each in batch(model, size=1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of TensorFlow, on its own interpreter
        content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
        interpreter = tf.lite.Interpreter(model_content=content)
    capfd.readouterr()  # the converter writes to the terminal
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], inputs[0])
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert np.allclose(found, outputs(model, inputs)[0], rtol=0, atol=1e-5)
