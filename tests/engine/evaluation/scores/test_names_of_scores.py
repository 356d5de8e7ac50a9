"""Scores by name: which there are for each task, and what is said of others."""

from __future__ import annotations

import pytest

from pytest_paoding.engine.evaluation.scores.keras_scores import KerasScore
from pytest_paoding.engine.evaluation.scores.score_catalogue import names_for
from pytest_paoding.engine.evaluation.scores.score_names import score_named
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.metrics import Direction

LOSSES = {"log_loss", "hamming_loss", "mae", "mse", "rmse", "mape"}


@pytest.mark.parametrize("task", TaskKind)
def test_losses_and_errors_are_better_lower_and_all_else_higher(task):
    names = [name.replace("K", "5").replace("CLASS", "12") for name in names_for(task)]
    scores = [score_named(name, task) for name in names]
    assert [score.name for score in scores] == names
    lower = {score.name for score in scores if score.direction is Direction.LOWER}
    assert lower == LOSSES & set(names)


def test_what_this_package_has_goes_before_what_keras_has():
    for name in ("AUC", "auc", "Accuracy", "Recall"):
        assert not isinstance(score_named(name, TaskKind.BINARY), KerasScore)
        assert score_named(name, TaskKind.BINARY).name == name.lower()
    assert isinstance(score_named("keras.metrics.AUC", TaskKind.BINARY), KerasScore)
    assert isinstance(score_named("BinaryAccuracy", TaskKind.BINARY), KerasScore)


@pytest.mark.parametrize(
    ("name", "task", "said"),
    (
        ("acuracy", TaskKind.CLASSES, "'acuracy' is unknown: did you mean accuracy or"),
        ("xyz", TaskKind.REGRESSION, "'xyz' is unknown: regression has mae, mse, rmse, mape, r2,"),
        ("accuracy", TaskKind.REGRESSION, "is for the task classes or binary or positions: reg"),
        ("AUC", TaskKind.POSITIONS, "'AUC' is for the task classes or binary or multilabel"),
        ("r2", TaskKind.CLASSES, "'r2' is for the task regression: classes has accuracy, log_"),
        ("top_5_accuracy", TaskKind.BINARY, "is for the task classes or positions"),
        ("top_0_accuracy", TaskKind.CLASSES, "unknown: did you mean top_K_accuracy"),
        ("recall@cat", TaskKind.CLASSES, "unknown: did you mean recall"),
        ("auc@1", TaskKind.CLASSES, "unknown"),
        ("recall@1", TaskKind.RECONSTRUCTION, "is for the task classes or binary or multilabel"),
    ),
)
def test_names_that_do_not_fit_are_refused_with_those_that_do(name, task, said):
    with pytest.raises(ConfigError, match=said) as caught:
        score_named(name, task)
    assert "\n" not in str(caught.value)


def test_the_direction_of_a_known_score_cannot_be_turned():
    higher, lower = Direction.HIGHER, Direction.LOWER
    assert score_named("f1", TaskKind.BINARY, direction=higher).direction is higher
    with pytest.raises(ConfigError, match="'f1' is better higher: leave its direction out"):
        score_named("f1", TaskKind.BINARY, direction=lower)
