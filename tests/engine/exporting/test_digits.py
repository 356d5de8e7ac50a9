"""Pruning and full integer quantization together, on the digits CNN of the example."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_paoding.engine.keras_engine import KerasEngine
from support.nightly import nightly

EXAMPLE = Path(__file__).parents[3] / "example_project"


@pytest.mark.parametrize("given", (True, *nightly(False)), ids=["calibration", "synthetic"])
def test_a_tenth_of_the_bytes_costs_at_most_two_points(tmp_path, monkeypatch, given):
    monkeypatch.syspath_prepend(EXAMPLE)
    from clinic.data import digit_images  # noqa: PLC0415 - needs the path of the example

    (train, _), heldout = digit_images()
    engine = KerasEngine()
    original = engine.load_model(EXAMPLE / "models" / "digits_cnn.keras")
    calibration = train[::3]  # to prune, it takes the place of minutes of gradients
    pruned = engine.prune(
        original, ratio=0.5, strategy="reconstruct", seed=0, calibration=calibration
    ).model
    file = tmp_path / "digits_cnn.int8.tflite"
    engine.export(
        pruned,
        {"tflite-int8": file},
        input_range=(0.0, 1.0),
        calibration=calibration if given else None,
    )
    before = engine.save(original, tmp_path / "digits_cnn.keras")
    found = engine.evaluate(
        original,
        pruned,
        heldout,
        epsilons=(),
        input_range=(0.0, 1.0),
        files={"tflite-int8": file},
    )
    assert before / file.stat().st_size >= 10
    assert found["accuracy_decay@tflite-int8"].found <= 0.02
    assert found["accuracy@tflite-int8"].before > 0.98
