"""Positions of the class that the loss leaves out do not count, as in training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.keras_io.compilation import ignored_by
from pytest_paoding.errors import DataError

PICTURES = np.random.default_rng(0).random((24, 5, 5, 1)).astype("float32")


def segmenter(seed: int, ignored: int | None) -> Any:
    keras.utils.set_random_seed(seed)
    given = keras.Input((5, 5, 1))
    model = keras.Model(given, layers.Conv2D(3, 3, padding="same", activation="softmax")(given))
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(ignore_class=ignored))
    return model


@given(
    ignored=st.sampled_from((255, 0, 2, -1)),
    seed=st.integers(0, 99),
    column=st.booleans(),
    weighted=st.booleans(),
)
@settings(max_examples=12)
def test_it_is_as_if_they_had_the_weight_zero(
    *, ignored: int, seed: int, column: bool, weighted: bool
) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.choice([0, 1, 2, ignored], (24, 5, 5))
    counted = (labels != ignored).astype(float)
    own = generator.random(24) if weighted else None
    shown = labels[..., None] if column else labels
    data = (PICTURES, shown) if own is None else (PICTURES, shown, own)
    told = {"epsilons": (0.05,), "input_range": (0.0, 1.0)}
    found = evaluate(segmenter(1, ignored), segmenter(2, ignored), data, **told)
    weights = counted if own is None else counted * own[:, None, None]
    plain = np.where(labels == ignored, 0, labels)
    wanted = evaluate(segmenter(1, None), segmenter(2, None), (PICTURES, plain, weights), **told)
    for name, measured in wanted.items():
        for side in ("before", "after", "found"):
            expected = getattr(measured, side)
            if name.startswith(("score", "robust")) and expected is not None:
                assert getattr(found[name], side) == pytest.approx(expected, abs=1e-6), name


def test_other_numbers_that_are_no_class_are_refused() -> None:
    labels = np.full((24, 5, 5), 254)
    with pytest.raises(DataError, match="hold 254: its 3 classes"):
        evaluate(segmenter(1, 255), segmenter(2, 255), (PICTURES, labels))


@pytest.mark.parametrize(
    ("loss", "wanted"),
    (
        (None, None),
        ("sparse_categorical_crossentropy", None),
        ({"class_name": "A", "config": {"ignore_class": 255}}, 255),
        ({"class_name": "A", "config": {"ignore_class": 255.0}}, 255),
        ({"class_name": "A", "config": {"ignore_class": "x"}}, None),
        ({"class_name": "A", "config": {"ignore_class": float("nan")}}, None),
        ({"class_name": "A", "config": "ignore_class"}, None),
    ),
)
def test_it_is_read_off_the_configuration(loss: Any, wanted: int | None) -> None:
    assert ignored_by(loss) == wanted
