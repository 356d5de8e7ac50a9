"""Overlaps of Keras, which are counted in integers or not, with weights of samples and places."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding.engine.evaluation.scores.score_names import score_of
from pytest_paoding.errors import EvaluationError
from support.score_draws import drawn_weights, run_anew

COUNTING = pytest.mark.skipif(
    "int" not in keras.metrics.MeanIoU(3).dtype, reason="no overlaps in integers in this Keras"
)


@COUNTING
def test_metrics_that_count_in_integers_are_given_no_fractions():
    generator = np.random.default_rng(8)
    truth, answer = generator.integers(0, 3, (2, 20, 4))
    places = generator.integers(0, 2, truth.shape)
    metric, score = keras.metrics.MeanIoU(3), score_of("iou", keras.metrics.MeanIoU(3))
    weights = drawn_weights(generator, 20)
    rows = score.rows(truth, answer, places.astype(float))
    whole = truth, answer, places
    expected = [run_anew(metric, *(np.repeat(a, each, 0) for a in whole)) for each in weights]
    np.testing.assert_allclose(score.value(rows, weights), expected, rtol=1e-6)
    with pytest.raises(EvaluationError, match="cannot weigh samples"):
        score.value(rows, weights / 2)
    with pytest.raises(EvaluationError, match="cannot weigh places by fractions"):
        score.value(score.rows(truth, answer, places / 2), weights)


@pytest.mark.parametrize("coded", (True, False), ids=("numbers", "one-hot"))
@pytest.mark.parametrize("kind", ("MeanIoU", "IoU"))
@pytest.mark.parametrize("dtype", ("float32", pytest.param("int32", marks=COUNTING)))
def test_overlaps_weigh_each_place_of_a_sample(kind, dtype, coded):
    """The counts are checked by hand: Keras itself takes no weights of samples here."""
    generator = np.random.default_rng(9)
    truth, answer = generator.integers(0, 3, (2, 20, 4))
    which = {"target_class_ids": [0, 1, 2]} if kind == "IoU" else {"num_classes": 3}
    which |= {"num_classes": 3, "sparse_y_true": coded, "dtype": dtype}
    score = score_of("iou", getattr(keras.metrics, kind)(**which))
    weights = generator.integers(0, 3, (3, 20))
    if dtype == "float32":
        weights = weights / 2
    counts = np.zeros((3, 3, 3))
    spread = np.repeat(weights[:, :, None], 4, axis=2)
    np.add.at(counts, (slice(None), truth, answer), spread)
    hits = np.diagonal(counts, axis1=1, axis2=2)
    expected = (hits / (counts.sum(1) + counts.sum(2) - hits)).mean(axis=1)
    shown = truth if coded else np.eye(3)[truth]
    found = score.value(score.rows(shown, answer), weights)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    by_places = [score.rows(shown, answer, each) for each in weights[:, :, None] * np.ones(4)]
    found = [score.value(each, np.ones((1, 20)))[0] for each in by_places]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    by_samples = [score.rows(shown, answer, each) for each in weights]
    found = [score.value(each, np.ones((1, 20)))[0] for each in by_samples]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
