"""Models that are exported, made anew for every use."""

from __future__ import annotations

import keras
import pytest

from support.exported_models import MODELS


@pytest.fixture(scope="session")
def make_model():
    def make(name: str) -> keras.Model:
        keras.utils.set_random_seed(3)
        return MODELS[name]()

    return make
