"""Scores of callables and of metrics of Keras."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest
from sklearn import metrics

from pytest_paoding.engine.evaluation.scores.keras_scores import keras_names, keras_score
from pytest_paoding.engine.evaluation.scores.score_names import score_named, score_of
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.errors import ConfigError, DataError, EvaluationError
from pytest_paoding.records.metrics import Direction
from support.score_draws import agree, drawn_weights, run_anew, value_draw

LOWER, HIGHER = Direction.LOWER, Direction.HIGHER


def median_error(y_true, y_pred):
    return np.median(np.abs(y_true - y_pred))


def errors(y_true, y_pred):
    return np.abs(y_true - y_pred).mean(axis=1)


def weighted_error(y_true, y_pred, sample_weight=None):
    return metrics.mean_absolute_error(y_true, y_pred, sample_weight=sample_weight)


def test_a_number_is_computed_on_samples_drawn_anew():
    generator = np.random.default_rng(0)
    truth, answer = value_draw(generator)
    score = score_of("median", median_error, direction=LOWER)
    weights = drawn_weights(generator, len(truth))
    weights[0] = 1
    found = score.value(score.rows(truth, answer), weights)
    expected = [
        median_error(np.repeat(truth, each, 0), np.repeat(answer, each, 0)) for each in weights
    ]
    assert found.tolist() == expected
    assert score.per_sample(score.rows(truth, answer)) is None
    assert np.isnan(score.value(score.rows(truth, answer), 0 * weights)).all()


def test_a_number_cannot_be_weighed_without_a_parameter_for_it():
    truth, answer = value_draw(np.random.default_rng(1))
    score = score_of("median", median_error, direction=LOWER)
    rows = score.rows(truth, answer)
    with pytest.raises(EvaluationError, match="median cannot weigh samples by fractions"):
        score.value(rows, np.full((1, len(truth)), 0.5))
    with pytest.raises(EvaluationError, match="median cannot weigh places"):
        score.value(score.rows(truth, answer, np.ones(truth.shape)), np.ones((1, len(truth))))


def test_a_callable_with_weights_is_given_them(draws):
    score = score_of("mine", weighted_error, direction=LOWER)
    for generator in draws(40):
        agree(score, generator, *value_draw(generator), weighted_error)


def test_weights_of_places_are_drawn_and_weighed_with_their_samples():
    def first_places(y_true, y_pred, sample_weight):
        return np.average(np.abs(y_true - y_pred), weights=sample_weight)

    score = score_of("mine", first_places, direction=LOWER)
    generator = np.random.default_rng(2)
    truth, answer = value_draw(generator, places=(3,))
    places = generator.uniform(0.1, 1, truth.shape)
    agree(score, generator, truth, answer, first_places, places=places)


def test_numbers_of_samples_are_a_mean_that_is_called_for_once():
    calls = []

    def counted(y_true, y_pred):
        calls.append(len(y_true))
        return errors(y_true, y_pred)

    generator = np.random.default_rng(3)
    truth, answer = value_draw(generator)
    score = score_of("mine", counted, direction=LOWER)
    rows = score.joined([score.rows(truth[:3], answer[:3]), score.rows(truth[3:], answer[3:])])
    weights = generator.uniform(0, 1, (50, len(truth)))
    found = score.value(rows, weights)
    assert calls == [len(truth)]
    own = errors(truth, answer)
    np.testing.assert_allclose(found, [np.average(own, weights=each) for each in weights])
    np.testing.assert_array_equal(score.per_sample(rows), own)


@pytest.mark.parametrize("found", (np.zeros((2, 2)), np.zeros(3), "good", None, 1j))
def test_what_is_no_number_is_refused(found):
    score = score_of("mine", lambda _true, _pred: found, direction=LOWER)
    with pytest.raises(EvaluationError, match="must return one number, or one for each sample"):
        score.value(score.rows(np.zeros(2), np.zeros(2)), np.ones((1, 2)))


def test_what_a_callable_raises_is_told_in_one_line():
    def broken(y_true, y_pred):
        raise ZeroDivisionError(len(y_true) - len(y_pred))

    score = score_of("mine", broken, direction=LOWER)
    said = r"score 'mine' raised at test_scores_of_own_code.py:\d+: ZeroDivisionError: 0$"
    with pytest.raises(EvaluationError, match=said):
        score.value(score.rows(np.zeros(2), np.zeros(2)), np.ones((1, 2)))


def test_batches_that_do_not_fit_are_refused():
    score = score_of("mine", errors, direction=LOWER)
    for truth, answer in ((np.zeros(2), np.zeros(3)), (np.float64(0), np.float64(0))):
        with pytest.raises(DataError, match="mine needs as many answers as truths"):
            score.rows(truth, answer)
    parts = [score.rows(np.zeros((1, n)), np.zeros((1, n))) for n in (2, 3)]
    with pytest.raises(EvaluationError, match="pad their samples to one length"):
        score.joined(parts)


@pytest.mark.parametrize(
    "target", (3, "text", lambda: 0, lambda _one: 0, lambda _a, _b, _c: 0, object)
)
def test_what_takes_no_two_arrays_is_no_score(target):
    with pytest.raises(ConfigError, match="no callable of y_true and y_pred"):
        score_of("mine", target, direction=LOWER)


def test_a_callable_that_python_cannot_look_into_is_taken():
    assert score_of("mine", np.float64.__add__, direction=LOWER).direction is LOWER
    assert score_of("larger", max, direction=HIGHER).weighs is False


def test_a_direction_has_to_be_known():
    with pytest.raises(ConfigError, match="give its direction, 'higher' or 'lower'"):
        score_of("mine", errors)
    with pytest.raises(ConfigError, match="class that needs arguments"):
        score_of("mine", keras.metrics.MeanIoU, direction=LOWER)


def probabilities(generator, samples=30):
    truth = generator.integers(0, 2, (samples, 3)).astype("float32")
    noise = generator.normal(size=truth.shape)
    return truth, (1 / (1 + np.exp(-truth - noise))).astype("float32")


WITHOUT_ARGUMENTS = [
    name
    for name in keras_names()
    if name not in {"Mean", "Sum", "Metric", "F1Score", "FBetaScore"}
    and all(
        each.default is not inspect.Parameter.empty
        for each in list(inspect.signature(getattr(keras.metrics, name)).parameters.values())
    )
]


@pytest.mark.parametrize("name", WITHOUT_ARGUMENTS)
def test_metrics_of_keras_are_what_keras_computes(name):
    generator = np.random.default_rng(4)
    truth, answer = probabilities(generator)
    if name.startswith("Sparse"):
        truth = truth.argmax(axis=1)
    score = keras_score(name, direction=HIGHER)
    samples = len(truth)
    weights = drawn_weights(generator, samples).astype(float)
    weights[0] = 1
    weights[1] = generator.uniform(0.5, 2, samples)
    metric, rows = keras.metrics.get(name), score.rows(truth, answer)
    if not score.weighs:
        weights[1] = weights[2]
    plain = weights[2:] if score.weighs else weights[1:]
    fractions = weights[1:2] if score.weighs else weights[:0]
    if isinstance(metric, keras.metrics.IoU):  # which Keras wants a weight for each place of
        fractions = np.repeat(fractions[..., None], truth.shape[1], axis=2)
    expected = [
        run_anew(metric, truth, answer),
        *(
            run_anew(metric, truth, answer, sample_weight=each)
            for each in fractions
            if score.weighs
        ),
        *(run_anew(metric, *(np.repeat(a, e.astype(int), 0) for a in rows)) for e in plain),
    ]
    np.testing.assert_allclose(score.value(rows, weights), expected, rtol=2e-5, atol=1e-6)
    averaging = isinstance(metric, keras.metrics.MeanMetricWrapper)
    assert (score.per_sample(rows) is not None) == averaging


def test_there_are_means_and_others_among_the_metrics_of_keras():
    assert len(WITHOUT_ARGUMENTS) > 25
    assert {"AUC", "CosineSimilarity", "R2Score"} <= set(WITHOUT_ARGUMENTS)


def test_a_mean_of_keras_weighs_places_too():
    generator = np.random.default_rng(5)
    truth, answer = (generator.normal(size=(8, 4, 1)).astype("float32") for _ in range(2))
    places = generator.integers(0, 2, (8, 4)).astype("float32")
    metric, score = keras.metrics.MeanAbsoluteError(), keras_score("mean_absolute_error")
    weights = drawn_weights(generator, 8)
    rows = score.rows(truth, answer, places)
    expected = [run_anew(metric, *(np.repeat(a, each, 0) for a in rows)) for each in weights]
    np.testing.assert_allclose(score.value(rows, weights), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "direction"),
    (
        ("keras.metrics.CosineSimilarity", HIGHER),
        ("CosineSimilarity", HIGHER),
        ("cosine_similarity", HIGHER),
        ("keras.metrics.AUC", HIGHER),
        ("keras.metrics.mse", LOWER),
        ("KLDivergence", LOWER),
        ("LogCoshError", LOWER),
        ("mean_squared_logarithmic_error", LOWER),
    ),
)
def test_keras_says_which_values_are_better(name, direction):
    score = score_named(name, TaskKind.REGRESSION)
    assert (score.name, score.direction) == (name, direction)
    other = HIGHER if direction is LOWER else LOWER
    assert score_named(name, TaskKind.REGRESSION, direction=other).direction is other


@pytest.mark.parametrize(
    ("name", "said"),
    (
        ("keras.metrics.FalsePositives", "does not say which values .* 'higher' or 'lower'"),
        ("keras.metrics.Mean", "is not one of truth and answer"),
        ("keras.metrics.MeanIoU", "needs arguments: .*num_classes"),
        ("MeanIoU", "needs arguments: .*num_classes"),
        ("keras.metrics.CosinSimilarity", "unknown metric .*, near are CosineSimilarity"),
        ("keras.metrics.xyz", "unknown metric 'keras.metrics.xyz' of Keras$"),
    ),
)
def test_metrics_of_keras_that_are_no_scores(name, said):
    with pytest.raises(ConfigError, match=said):
        score_named(name, TaskKind.CLASSES)


def test_metrics_made_with_arguments_are_scores():
    generator = np.random.default_rng(6)
    truth, answer = generator.integers(0, 3, (2, 20, 4))
    metric = keras.metrics.MeanIoU(3)
    metric.update_state(answer, (truth + 1) % 3)  # what it has seen before
    score = score_of("iou", metric)
    rows = score.rows(truth, answer)
    expected = run_anew(keras.metrics.MeanIoU(3), truth, answer)
    assert score.value(rows, np.ones((2, 20), int)) == pytest.approx(expected)
    assert score_of("mae", keras.metrics.MeanAbsoluteError).direction is LOWER


def test_what_keras_refuses_and_what_are_many_numbers_is_said_in_one_line():
    ones = np.ones((1, 4))
    for name in ("keras.metrics.RootMeanSquaredError", "keras.metrics.MeanSquaredError"):
        score = score_named(name, TaskKind.REGRESSION)
        with pytest.raises(EvaluationError, match=rf"{name} cannot be taken: .*shape"):
            score.value(score.rows(np.zeros((4, 2)), np.zeros((4, 3))), ones)
    score = score_named("F1Score", TaskKind.CLASSES)
    with pytest.raises(EvaluationError, match="F1Score gives 3 numbers instead of one"):
        score.value(score.rows(np.eye(3)[[0, 1, 2, 0]], np.eye(3)[[0, 1, 2, 0]]), ones)


def test_a_mean_of_numbers_that_are_not_of_samples_is_run_as_a_whole():
    metric = keras.metrics.MeanMetricWrapper(lambda t, p: keras.ops.abs(t - p)[:2], name="two")
    score = score_of("two", metric, direction=LOWER)
    rows = score.rows(np.zeros(4), np.arange(4.0))
    assert score.per_sample(rows) is None
    assert score.value(rows, np.array([[1, 1, 1, 1], [0, 0, 1, 1]])).tolist() == [0.5, 2.5]
