"""The trained models."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

MODELS = Path(__file__).parents[1] / "models"


@pytest.fixture(scope="session")
def cancer_mlp() -> keras.Model:
    """Return the model that screens tumours."""
    return keras.models.load_model(MODELS / "cancer_mlp.keras")
