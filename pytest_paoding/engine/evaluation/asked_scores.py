"""The scores that are asked for, each of one output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.evaluation.scores.keras_scores import KerasScore, metric_score
from pytest_paoding.engine.evaluation.scores.resampled_scores import CallableScore
from pytest_paoding.engine.evaluation.scores.score_names import (
    joint_score_of,
    score_named,
    score_of,
)
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.engine.evaluation.scores.watched_metrics import (
    NoScore,
    Watched,
    counterpart,
    is_of_values,
)
from pytest_paoding.engine.keras_io.compilation import class_name_of
from pytest_paoding.errors import ConfigError, EvaluationError
from pytest_paoding.records.asked_for import AskedFor
from pytest_paoding.records.metrics import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_paoding.engine.evaluation.observing.predict import Predictor
    from pytest_paoding.engine.evaluation.scores.score import Rows, Score
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask, Truth
    from pytest_paoding.engine.keras_io.compilation import Compiled

_OF_CLASSES = frozenset({"classes", "binary"})


@dataclass(frozen=True, slots=True)
class AskedScore:
    """A score of one output, or of all together.

    Attributes:
        name: Its name in reports, with that of the output where several are judged.
        place: Which of the judged outputs it is of; None where it is of all.
        score: The score.
    """

    name: str
    place: int | None
    score: Score

    def metric(self, prefix: str = "") -> str:
        """Return the name of its value among metrics: `score@NAME`, or `error@NAME`."""
        kind = "score" if self.score.direction is Direction.HIGHER else "error"
        return f"{prefix}{kind}@{self.name}"

    def rows(self, truths: Sequence[Truth], forms: Sequence[Any], model: Predictor) -> Rows:
        """Return what the score keeps of some samples.

        Args:
            truths: What is true of them, for each judged output.
            forms: The form of each judged output.
            model: What has given them.
        """
        parts = zip(forms, model.tasks, model.heads, strict=True)
        if self.place is None:
            answers = [task.own(form, head) for form, task, head in parts]
            values = [each.values for each in truths]
            return self.score.rows(values, answers, list(map(_places, truths)))
        truth, (form, task, head) = truths[self.place], list(parts)[self.place]
        foreign = isinstance(self.score, (CallableScore, KerasScore))
        judged = task.own(form, head) if foreign else task.judged(form)
        return self.score.rows(truth.values, judged, _places(truth))


def _places(truth: Truth) -> Any:
    """Return the weights of places; those of whole samples count in the value instead."""
    whole = truth.weights is None or truth.weights.ndim == 1
    return None if whole else truth.weights


def asked_scores(
    wanted: Sequence[str | AskedFor],
    tasks: Mapping[int, OutputTask],
    compiled: Compiled,
    levels: Mapping[int, float | None],
) -> tuple[tuple[AskedScore, ...], tuple[str, ...]]:
    """Return the scores to compare, and notes on those that cannot be taken.

    Args:
        wanted: Names of scores, or callables with theirs; none for those the model was compiled
            with, or else the usual one of each task.
        tasks: The tasks of the judged outputs, by index.
        compiled: How the model was compiled.
        levels: The value from which on a single unit or a label is given, by index; None if not
            known.

    Raises:
        EvaluationError: There is no such score for any of the tasks.
        ConfigError: What is to be a joint score is none.
    """
    asked = [AskedFor.of(each) for each in wanted]
    joint = list(_joint(asked, [task.port.name for task in tasks.values()]))
    found: list[AskedScore] = []
    notes: list[str] = []
    for place, (index, task) in enumerate(tasks.items()):
        named = (
            _asked([each for each in asked if not each.joint], task, alone=len(tasks) == 1)
            if asked
            else _watched(
                task, compiled.metrics[index], levels[index], notes, alone=len(tasks) == 1
            )
        )
        prefix = f"{task.port.name}/" if len(tasks) > 1 else ""
        found += [AskedScore(f"{prefix}{score.name}", place, score) for score in named]
    found = [*joint, *found] if asked and asked[0].joint else [*found, *joint]
    if asked and not found:
        raise EvaluationError(f"no output has the scores {', '.join(str(each) for each in asked)}")
    return tuple({each.name: each for each in found}.values()), tuple(notes)


def _joint(asked: Sequence[AskedFor], outputs: Sequence[str]) -> Iterator[AskedScore]:
    """Yield the scores of all outputs together."""
    for each in asked:
        if each.joint:
            score = joint_score_of(each.name, each.target, outputs, direction=each.direction)
            yield AskedScore(score.name, None, score)


def _asked(asked: Sequence[AskedFor], task: OutputTask, *, alone: bool) -> Iterator[Score]:
    for each in asked:
        score = _one(each, task)
        if isinstance(score, ConfigError):
            if alone:
                raise EvaluationError(str(score)) from score
            continue
        yield score


def _one(asked: AskedFor, task: OutputTask) -> Score | ConfigError:
    """Return a score, or why there is none for a task."""
    try:
        if asked.target is not None:
            return score_of(asked.name, asked.target, direction=asked.direction)
        return _named(asked.name, task, asked.direction)
    except ConfigError as error:
        return error


def _named(name: str, task: OutputTask, direction: Direction | None = None) -> Score:
    if task.name == "any":
        raise ConfigError(f"score {name!r}: a task of any kind takes package.module:callable")
    return score_named(name, TaskKind(task.name), direction=direction)


def _watched(
    task: OutputTask, metrics: Sequence[Any], level: float | None, notes: list[str], *, alone: bool
) -> Iterator[Score]:
    """Yield the scores that a model was compiled with, or else the usual one.

    Accuracy is a metric anyway where the output is the only one. Of several it is that of all of
    them together, and a limit on all scores has to hold for each.
    """
    found = []
    measured = alone and task.name in _OF_CLASSES
    for config in metrics:
        score = _of_config(task, config, level)
        if isinstance(score, NoScore):
            setting = f" with its {score.setting}" if score.setting else ""
            name = class_name_of(config) or "of its own code"
            notes.append(f"metric {name!r} is not taken{setting}")
        elif score.name != "accuracy" or not measured:
            found.append(score)
    if not found and task.default_score and not measured:
        found = [_named(task.default_score, task)]
    yield from found


def _of_config(task: OutputTask, config: Any, level: float | None) -> Score | NoScore:
    """Return the score that a metric of Keras is, or why none is."""
    if task.name == "any":
        return NoScore()
    found = counterpart(config, Watched.of(task, level))
    if not isinstance(found, NoScore):
        return _named(found, task)
    if task.name not in {"regression", "reconstruction"} or not class_name_of(config):
        return found  # what it reads is not what the task gives it
    try:
        metric = keras.metrics.get(config)
        if not is_of_values(config, metric):
            return found
        return metric_score(getattr(metric, "name", class_name_of(config)), metric)
    except (ConfigError, TypeError, ValueError):
        return found
