"""Every kind of task, judged from end to end and held against scikit-learn."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from sklearn import metrics

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.pruning.pruner import prune
from pytest_paoding.errors import DataError, EvaluationError
from pytest_paoding.records.asked_for import AskedFor

SAMPLES, STEPS = 300, 6
DRAW = np.random.default_rng(0)
TABLE = DRAW.uniform(0, 1, (SAMPLES, 6)).astype("float32")
PICTURES = DRAW.random((SAMPLES, 6, 6, 1)).astype("float32")
AMOUNT = (TABLE[:, 0] * 2 + np.sin(5 * TABLE[:, 1])).astype("float32")
LABELS = (TABLE[:, :3] > 0.6).astype(int)
SHAPES = (PICTURES[..., 0] > 0.5).astype(int) + (PICTURES[..., 0] > 0.8)
WORDS = DRAW.integers(1, 9, (SAMPLES, STEPS))
LENGTHS = DRAW.integers(2, STEPS + 1, SAMPLES)
WORDS[np.arange(STEPS) >= LENGTHS[:, None]] = 0
TAGS = WORDS % 3


def fitted(model: Any, inputs: Any, labels: Any, loss: Any, **options: Any) -> tuple[Any, Any]:
    """Return a trained model and a pruned one."""
    model.compile(keras.optimizers.Adam(1e-2), loss, **options)
    model.fit(inputs, labels, epochs=4, batch_size=50, verbose=0)
    return model, prune(model, ratio=0.5, strategy="magnitude").model


def dense(units: int, activation: str | None = None, inputs: int = 6) -> Any:
    keras.utils.set_random_seed(0)
    given = keras.Input((inputs,))
    hidden = layers.Dense(24, activation="relu")(given)
    return keras.Model(given, layers.Dense(units, activation)(hidden))


@cache
def regressor() -> tuple[Any, Any]:
    return fitted(dense(1), TABLE, AMOUNT, "mse", metrics=["mae", "r2_score"])


@cache
def tagged_by_many() -> tuple[Any, Any]:
    return fitted(dense(3, "sigmoid"), TABLE, LABELS, "binary_crossentropy", metrics=["accuracy"])


@cache
def segmenter() -> tuple[Any, Any]:
    keras.utils.set_random_seed(0)
    given = keras.Input((6, 6, 1))
    hidden = layers.Conv2D(12, 3, padding="same", activation="relu")(given)
    model = keras.Model(given, layers.Conv2D(3, 1, activation="softmax")(hidden))
    return fitted(model, PICTURES, SHAPES, "sparse_categorical_crossentropy")


@cache
def tagger() -> tuple[Any, Any]:
    keras.utils.set_random_seed(0)
    given = keras.Input((STEPS,), dtype="int32")
    hidden = layers.LSTM(8, return_sequences=True)(layers.Embedding(9, 6, mask_zero=True)(given))
    model = keras.Model(given, layers.Dense(3, "softmax")(hidden))
    return fitted(model, WORDS, TAGS, "sparse_categorical_crossentropy")


@cache
def autoencoder() -> tuple[Any, Any]:
    keras.utils.set_random_seed(0)
    given = keras.Input((6, 6, 1))
    hidden = layers.Dense(20, activation="relu")(layers.Flatten()(given))
    model = keras.Model(given, layers.Reshape((6, 6, 1))(layers.Dense(36, "sigmoid")(hidden)))
    return fitted(model, PICTURES, PICTURES, "mse")


@cache
def detector() -> tuple[Any, Any]:
    """Is anything there, what is it, and where: three outputs, each with a task of its own."""
    keras.utils.set_random_seed(0)
    given = keras.Input((6,))
    hidden = layers.Dense(24, activation="relu")(given)
    there = layers.Dense(1, "sigmoid", name="there")(hidden)
    kind = layers.Dense(3, "softmax", name="kind")(hidden)
    box = layers.Dense(4, name="box")(hidden)
    labels = [LABELS[:, 0], LABELS.sum(axis=1) % 3, TABLE[:, :4]]
    losses = ["binary_crossentropy", "sparse_categorical_crossentropy", "mae"]
    return fitted(keras.Model(given, [there, kind, box]), TABLE, labels, losses)


def outputs(model: Any, inputs: Any) -> Any:
    return model.predict(inputs, verbose=0)


def both(found: Any, name: str) -> tuple[float, float]:
    return found[name].before, found[name].after


def test_a_regressor_is_judged_by_the_metrics_it_was_compiled_with() -> None:
    pair = regressor()
    found = evaluate(*pair, (TABLE, AMOUNT))
    answers = [outputs(each, TABLE)[:, 0] for each in pair]
    errors = [metrics.mean_absolute_error(AMOUNT, each) for each in answers]
    shares = [metrics.r2_score(AMOUNT, each) for each in answers]
    assert both(found, "error@mae") == pytest.approx(errors, rel=1e-5)
    assert both(found, "score@r2") == pytest.approx(shares, rel=1e-5)
    assert found["score_decay@mae"].found == pytest.approx(errors[1] - errors[0], rel=1e-4)
    assert found["score_decay@r2"].found == pytest.approx(shares[0] - shares[1], rel=1e-4)
    relative = (errors[1] - errors[0]) / errors[0]
    assert found["score_decay_relative@mae"].found == pytest.approx(relative, rel=1e-4)
    assert found["score_retention@mae"].found == pytest.approx(errors[0] / errors[1], rel=1e-4)
    assert found["score_retention@r2"].found == pytest.approx(shares[1] / shares[0], rel=1e-4)
    assert "judged as regression (loss mse)" in found["accuracy"].reason
    assert "see divergence" in found["agreement"].reason
    assert (
        "a sample is not right or wrong"
        in evaluate(*pair, (TABLE, AMOUNT), epsilons=(0.1,))["robust_accuracy@0.1"].reason
    )


@pytest.mark.parametrize("name", ("error@mae", "score@r2"))
def test_every_contrast_has_an_interval_around_it(name: str) -> None:
    found = evaluate(*regressor(), (TABLE, AMOUNT))
    score = name.partition("@")[2]
    kinds = (name, *(f"{k}@{score}" for k in ("score_decay", "score_decay_relative")))
    for each in (*kinds, f"score_retention@{score}", "divergence"):
        low, high = found[each].interval()
        assert low < found[each].found < high


def test_divergence_is_the_distance_over_the_deviation() -> None:
    pair = regressor()
    before, after = (outputs(each, TABLE) for each in pair)
    expected = np.sqrt(np.square(after - before).mean() / np.square(before - before.mean()).mean())
    for data in (TABLE, (TABLE, None), (TABLE, AMOUNT)):
        assert evaluate(*pair, data)["divergence"].found == pytest.approx(expected, rel=1e-3)


def test_a_model_of_many_labels_is_right_where_all_of_them_are() -> None:
    pair = tagged_by_many()
    found = evaluate(*pair, (TABLE, LABELS), score=("f1", "auc", "hamming_loss"), epsilons=(0.02,))
    shares = [outputs(each, TABLE) for each in pair]
    answers = [each > 0.5 for each in shares]
    exact = [(each == LABELS).all(axis=1).mean() for each in answers]
    assert both(found, "accuracy") == pytest.approx(exact)
    f1 = [metrics.f1_score(LABELS, each, average="macro", zero_division=0) for each in answers]
    assert both(found, "score@f1") == pytest.approx(f1)
    auc = [metrics.roc_auc_score(LABELS, each, average="macro") for each in shares]
    assert both(found, "score@auc") == pytest.approx(auc, rel=1e-5)
    loss = [metrics.hamming_loss(LABELS, each) for each in answers]
    assert both(found, "error@hamming_loss") == pytest.approx(loss)
    assert found["agreement"].found == (answers[0] == answers[1]).all(axis=1).mean()
    assert found["robust_accuracy@0.02"].before < exact[0]


def test_a_segmenter_is_judged_by_its_positions_and_their_weights() -> None:
    pair = segmenter()
    answers = [outputs(each, PICTURES).argmax(axis=-1) for each in pair]
    plain = evaluate(*pair, (PICTURES, SHAPES))
    areas = [metrics.jaccard_score(SHAPES.ravel(), a.ravel(), average="macro") for a in answers]
    assert both(plain, "score@mean_iou") == pytest.approx(areas)
    assert plain["agreement"].found == pytest.approx((answers[0] == answers[1]).mean())
    low, high = plain["agreement"].interval()
    assert low < plain["agreement"].found < high
    counted = np.random.default_rng(1).random(SHAPES.shape) < 0.5
    ignored = np.where(counted, SHAPES, 255)
    some = evaluate(*pair, (PICTURES, ignored, counted.astype(float)), score=("mean_iou",))
    areas = [metrics.jaccard_score(SHAPES[counted], a[counted], average="macro") for a in answers]
    assert both(some, "score@mean_iou") == pytest.approx(areas)
    columns = (PICTURES, ignored[..., None], counted[..., None].astype(float))
    assert evaluate(*pair, columns, score=("mean_iou",)) == some


def test_logits_of_unknown_training_are_not_compared_with_zeros_and_ones_as_values() -> None:
    pair = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        given = keras.Input((6, 6, 1))
        pair.append(keras.Model(given, layers.Conv2D(1, 3, padding="same")(given)))
    found = evaluate(*pair, (PICTURES, (SHAPES > 0).astype("float32")[..., None]))
    answers = [outputs(each, PICTURES)[..., 0] > 0 for each in pair]
    areas = [
        metrics.jaccard_score((SHAPES > 0).ravel(), a.ravel(), average="macro") for a in answers
    ]
    assert both(found, "score@mean_iou") == pytest.approx(areas)
    assert "judged as positions (head without activation, labels are 0 and 1)" in str(
        found["agreement"].detail
    )


def test_padding_of_a_tagger_does_not_count() -> None:
    pair = tagger()
    found = evaluate(*pair, (WORDS, TAGS), score=("accuracy",))
    right = [outputs(each, WORDS).argmax(axis=-1) == TAGS for each in pair]
    assert both(found, "score@accuracy") == pytest.approx([e[WORDS > 0].mean() for e in right])
    assert right[0].mean() != pytest.approx(right[0][WORDS > 0].mean())


def test_what_an_autoencoder_reads_is_the_truth() -> None:
    pair = autoencoder()
    errors = [np.sqrt(np.square(outputs(each, PICTURES) - PICTURES).mean()) for each in pair]
    for data in (PICTURES, (PICTURES, None), (PICTURES, PICTURES)):
        assert both(evaluate(*pair, data), "error@rmse") == pytest.approx(errors, rel=1e-4)


def test_every_output_of_a_detector_has_its_task_and_scores() -> None:
    pair = detector()
    labels = {"there": LABELS[:, 0], "kind": LABELS.sum(axis=1) % 3, "box": TABLE[:, :4]}
    found = evaluate(*pair, (TABLE, labels), score=("auc", "mae"))
    answers = [outputs(each, TABLE) for each in pair]
    auc = [metrics.roc_auc_score(labels["there"], each[0][:, 0]) for each in answers]
    assert both(found, "score@there/auc") == pytest.approx(auc, rel=1e-5)
    mae = [metrics.mean_absolute_error(labels["box"], each[2]) for each in answers]
    assert both(found, "error@box/mae") == pytest.approx(mae, rel=1e-5)
    assert "error@kind/mae" not in found
    right = [
        ((each[0][:, 0] > 0.5) == labels["there"]) & (each[1].argmax(axis=1) == labels["kind"])
        for each in answers
    ]
    assert both(found, "accuracy") == tuple(each.mean() for each in right)


def test_samples_count_by_their_weights() -> None:
    pair = regressor()
    weights = np.random.default_rng(2).integers(0, 3, SAMPLES)
    found = evaluate(*pair, (TABLE, AMOUNT, weights), score=("rmse", "mae"))
    repeated = np.repeat(np.arange(SAMPLES), weights)
    twice = evaluate(*pair, (TABLE[repeated], AMOUNT[repeated]), score=("rmse", "mae"))
    for name in ("error@rmse", "error@mae"):
        assert both(found, name) == pytest.approx(both(twice, name), rel=1e-6)


@pytest.mark.parametrize("size", (7, 300))
def test_batches_do_not_matter(size: int) -> None:
    pair = segmenter()
    whole = evaluate(*pair, (PICTURES, SHAPES), score=("mean_iou", "f1"))
    parts = ((PICTURES[i : i + size], SHAPES[i : i + size]) for i in range(0, SAMPLES, size))
    found = evaluate(*pair, parts, score=("mean_iou", "f1"))
    for name in ("score@mean_iou", "score@f1", "divergence"):
        assert found[name].found == pytest.approx(whole[name].found, rel=1e-6)


def test_scores_of_ones_own_read_what_the_model_gives() -> None:
    def gap(y_true: Any, y_pred: Any) -> Any:
        assert y_pred.shape[1:] == (3,)
        assert np.allclose(y_pred.sum(axis=1), 1, atol=1e-5)
        return 1 - y_pred[np.arange(len(y_true)), y_true.astype(int)]

    kinds = LABELS.sum(axis=1) % 3
    pair = detector()
    asked = AskedFor.read("gap=lower")
    score = AskedFor("gap", gap, asked.direction)
    found = evaluate(*pair, (TABLE, {"kind": kinds}), score=(score,))
    answers = [outputs(each, TABLE)[1] for each in pair]
    gaps = [(1 - each[np.arange(SAMPLES), kinds]).mean() for each in answers]
    assert both(found, "error@gap") == pytest.approx(gaps, rel=1e-5)


def test_a_unit_trained_on_zeros_and_ones_is_not_judged_at_zero() -> None:
    pair = fitted(dense(1), TABLE, LABELS[:, 0], "mse")
    plain = evaluate(*pair, (TABLE, LABELS[:, 0]))
    assert plain["accuracy"].found is None
    assert "error@rmse" in plain
    said = evaluate(*pair, (TABLE, LABELS[:, 0]), task="binary")
    right = [((outputs(e, TABLE)[:, 0] > 0.5) == LABELS[:, 0]).mean() for e in pair]
    assert both(said, "accuracy") == pytest.approx(right)


def test_what_cannot_be_is_said_in_one_line() -> None:
    with pytest.raises(EvaluationError, match=r"score 'auc' is for the task .*mae, mse, rmse"):
        evaluate(*regressor(), (TABLE, AMOUNT), score=("auc",))
    with pytest.raises(DataError, match=r'not one-hot.*task = "multilabel"'):
        evaluate(*tagged_by_many(), (TABLE, LABELS), task="classes")
    reason = evaluate(*tagged_by_many(), (TABLE, LABELS), attack="hopskipjump", epsilons=(0.1,))
    assert "attack it by fgsm or pgd" in reason["robust_accuracy@0.1"].reason


def test_logits_that_differ_by_a_constant_do_not_diverge() -> None:
    """A softmax does not tell them apart."""
    model = dense(3)
    other = keras.models.clone_model(model)
    kernel, bias = model.layers[-1].get_weights()
    other.set_weights([*model.get_weights()[:2], kernel + np.ones((1, 3)), bias + 7])
    found = evaluate(model, other, (TABLE, LABELS.sum(axis=1) % 3))
    assert found["divergence"].found == pytest.approx(0, abs=1e-5)
    assert found["agreement"].found == 1
    shifted = keras.models.clone_model(model)
    shifted.set_weights([*model.get_weights()[:3], bias + np.array([7, 0, 0])])
    assert evaluate(model, shifted, (TABLE, None))["divergence"].found > 1
