"""Scores by name, or of somebody's own code."""

from __future__ import annotations

import difflib
import inspect
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.evaluation.scores.joint_scores import JointScore
from pytest_paoding.engine.evaluation.scores.keras_scores import (
    PREFIX,
    is_of_keras,
    keras_score,
    metric_score,
)
from pytest_paoding.engine.evaluation.scores.resampled_scores import CallableScore, takes
from pytest_paoding.engine.evaluation.scores.score_catalogue import maker, names_for
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.scores.score import Score
    from pytest_paoding.records.metrics import Direction

_NEAR = 3


def score_named(name: str, task: TaskKind, *, direction: Direction | None = None) -> Score:
    """Return the score of that name for a task.

    Args:
        name: One of `names_for(task)`, in upper or lower case; else a metric of Keras, with or
            without `keras.metrics.`. What this package has by the same name goes first unless the
            prefix is given: `AUC` is exact, `keras.metrics.AUC` approximated.
        task: What is judged.
        direction: Which values are better, for metrics of Keras that do not say so.

    Raises:
        ConfigError: There is no such score, it is none for the task, or its direction is unknown or
            contradicted.

    >>> score_named("top_3_accuracy", TaskKind.CLASSES).direction
    <Direction.HIGHER: 'higher'>
    """
    own = name.lower()
    if name.startswith(PREFIX):
        return keras_score(name, direction=direction)
    if make := maker(own, task):
        return _agreeing(make(own), direction)
    fitting = [kind.value for kind in TaskKind if maker(own, kind)]
    if not fitting and is_of_keras(name):
        return keras_score(name, direction=direction)
    reason = f"is for the task {' or '.join(fitting)}" if fitting else "is unknown"
    raise ConfigError(f"score {name!r} {reason}: {_instead(own, task)}")


def score_of(name: str, target: Any, *, direction: Direction | None = None) -> Score:
    """Return the score of somebody's own code.

    Args:
        name: What reports call it.
        target: A metric of Keras, made or a class that needs no arguments; or a callable of
            `y_true` and `y_pred`, see `CallableScore`.
        direction: Which values are better; metrics of Keras may say so themselves.

    Raises:
        ConfigError: It is no such thing, or its direction is unknown.
    """
    metric = _made(name, target) if inspect.isclass(target) else target
    if isinstance(metric, keras.metrics.Metric):
        return metric_score(name, metric, direction=direction)
    return CallableScore(name, _called(name, metric, direction), metric)


def joint_score_of(
    name: str, target: Any, outputs: Sequence[str], *, direction: Direction | None = None
) -> Score:
    """Return the score of somebody's own code that is of several outputs together.

    Args:
        name: What reports call it.
        target: A callable of `y_true` and `y_pred`; see `JointScore`.
        outputs: Names of the outputs.
        direction: Which values are better.

    Raises:
        ConfigError: It is no such thing, or its direction is unknown.
    """
    metric = _made(name, target) if inspect.isclass(target) else target
    if isinstance(metric, keras.metrics.Metric):
        raise ConfigError(f"score {name!r} is a metric of Keras, which is of one output: no joint")
    return JointScore(name, _called(name, metric, direction), metric, tuple(outputs))


def _called(name: str, target: Any, direction: Direction | None) -> Direction:
    """Return which values of a callable are better; refuse what cannot be called or is not said."""
    if not callable(target) or not _takes_two(target):
        raise ConfigError(f"score {name!r} is no callable of y_true and y_pred")
    if direction is None:
        raise ConfigError(
            f"nothing says which values of {name!r} are better: give its direction, 'higher' or "
            f"'lower'"
        )
    return direction


def _agreeing(score: Score, direction: Direction | None) -> Score:
    if direction in {None, score.direction}:
        return score
    raise ConfigError(
        f"score {score.name!r} is better {score.direction.value}: leave its direction out"
    )


def _instead(name: str, task: TaskKind) -> str:
    """Return which scores a task has, the nearest names first."""
    known = names_for(task)
    near = difflib.get_close_matches(name, known, n=_NEAR)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    return f"{meant}{task.value} has {', '.join(known)}, and metrics of Keras"


def _made(name: str, target: Any) -> Any:
    try:
        return target()
    except TypeError as error:
        raise ConfigError(f"score {name!r} is a class that needs arguments: {error}") from error


def _takes_two(target: Any) -> bool:
    try:
        more = {"sample_weight": None} if takes(target, "sample_weight") else {}
        inspect.signature(target).bind(None, None, **more)
    except TypeError:
        return False
    except ValueError:
        return True  # written in C, so Python cannot tell
    return True
