"""The trained models are what the services expect, and good enough to release."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import train
from clinic import quality

MODELS = Path(__file__).parents[1] / "models"
NEEDED = {"digits_cnn": 0.98, "digits_mlp": 0.95, "cancer_mlp": 0.95}


@pytest.mark.parametrize("name", NEEDED)
def test_accuracy_on_held_out_samples(name: str) -> None:
    model = keras.models.load_model(MODELS / f"{name}.keras")
    _, heldout = train.RECIPES[name].samples()
    assert quality.accuracy(model, heldout) >= NEEDED[name]


def test_malignant_tumours_are_rarely_missed(cancer_mlp: keras.Model) -> None:
    _, heldout = train.RECIPES["cancer_mlp"].samples()
    malignant = heldout.inputs[heldout.labels == 1]
    found = cancer_mlp.predict(malignant, verbose=0)[:, 0] > 0.5
    assert np.mean(found) >= 0.9


def test_handwriting_is_told_from_print() -> None:
    model = keras.models.load_model(MODELS / "forms_unet.keras")
    _, heldout = train.RECIPES["forms_unet"].samples()
    assert quality.mean_iou(model, heldout) >= 0.92


def test_glucose_is_foretold_better_than_by_the_last_reading() -> None:
    model = keras.models.load_model(MODELS / "glucose_gru.keras")
    _, heldout = train.RECIPES["glucose_gru"].samples()
    unchanged = np.abs(heldout.inputs[:, -1] - heldout.labels).mean()
    assert quality.mean_error(model, heldout) <= 0.75 * unchanged


def test_the_forecaster_says_how_it_is_judged() -> None:
    model = keras.models.load_model(MODELS / "glucose_gru.keras")
    assert model.loss == "mse"
    assert model.get_compile_config()["metrics"] == ["mae"]


@pytest.mark.parametrize("name", train.RECIPES)
def test_files_are_free_of_training_state(name: str) -> None:
    recipe = train.RECIPES[name]
    assert keras.models.load_model(MODELS / f"{name}.keras").compiled == bool(recipe.metrics)


def test_all_files_together_are_small() -> None:
    files = list(MODELS.glob("*.keras"))
    assert {path.stem for path in files} == set(train.RECIPES)
    assert sum(path.stat().st_size for path in files) < 1_000_000
