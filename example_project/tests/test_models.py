"""The trained models are what the services expect, and good enough to release."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import train

MODELS = Path(__file__).parents[1] / "models"
NEEDED = {"digits_cnn": 0.98, "digits_mlp": 0.95, "cancer_mlp": 0.95}


@pytest.mark.parametrize("name", NEEDED)
def test_accuracy_on_held_out_samples(name: str) -> None:
    model = keras.models.load_model(MODELS / f"{name}.keras")
    _, heldout = train.RECIPES[name].samples()
    assert train.accuracy(model, heldout) >= NEEDED[name]


def test_malignant_tumours_are_rarely_missed(cancer_mlp: keras.Model) -> None:
    _, heldout = train.RECIPES["cancer_mlp"].samples()
    malignant = heldout.inputs[heldout.labels == 1]
    found = cancer_mlp.predict(malignant, verbose=0)[:, 0] > 0.5
    assert np.mean(found) >= 0.9


@pytest.mark.parametrize("name", NEEDED)
def test_files_are_small_and_free_of_training_state(name: str) -> None:
    path = MODELS / f"{name}.keras"
    assert path.stat().st_size < 1_000_000
    assert not keras.models.load_model(path).compiled
