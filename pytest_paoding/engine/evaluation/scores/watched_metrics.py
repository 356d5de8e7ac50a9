"""Metrics of Keras that a model was compiled with, and the scores of this package that they are.

A metric is a score where all its settings are: what it is set to is read off its configuration, and
a setting that is not known to leave the score what it is, is one that no score honours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import keras

from pytest_paoding.engine.evaluation.scores.score_catalogue import maker
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.engine.keras_io.compilation import class_name_of

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask

_OF_VALUES = frozenset(
    {"cosinesimilarity", "logcosherror", "logcosh", "huber", "poisson", "kldivergence", "kld"}
    | {"meansquaredlogarithmicerror", "msle", "concordancecorrelation", "pearsoncorrelation"}
)
"""Metrics of values that Keras has and this package has not."""
_LABELS = frozenset({"name", "dtype"})
_SUMS = {None, "uniform_average"}
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Watched:
    """What a metric watches.

    Attributes:
        kind: What the output is judged as.
        units: The length of its last axis.
        level: The output from which on a single unit, or a label, is given; None if not known.
        ignored: The class that does not count, if any.
    """

    kind: TaskKind
    units: int = 1
    level: float | None = _HALF
    ignored: int | None = None

    @classmethod
    def of(cls, task: OutputTask, level: float | None) -> Watched:
        """Return what metrics of an output watch.

        Args:
            task: Its task.
            level: The output from which on a single unit or label is given; None if not known.
        """
        return cls(TaskKind(task.name), task.port.units, level, task.ignored)

    @property
    def labels(self) -> bool:
        """Whether each unit is given or not, rather than the highest one."""
        return self.units == 1 or self.kind is TaskKind.MULTILABEL

    def halves(self, threshold: Any) -> bool:
        """Whether a threshold is where labels are given."""
        return self.labels and self.level is not None and threshold == self.level


@dataclass(frozen=True, slots=True)
class NoScore:
    """What a metric is that no score is.

    Attributes:
        setting: The setting that makes it so, such as `threshold=0.8`; empty if it is the metric.
    """

    setting: str = ""


Name: TypeAlias = "Callable[[Mapping[str, Any], Watched], str]"
"""From settings to the name of a score; empty if there is none."""
Fits: TypeAlias = "Callable[[Any, Watched], bool]"
"""Whether a score honours the value of a setting."""


@dataclass(frozen=True, slots=True)
class _Metric:
    """A metric that is a score.

    Attributes:
        name: Which score.
        fits: Which values its settings may have; others may have none.
    """

    name: Name
    fits: Mapping[str, Fits]


def counterpart(config: Any, watched: Watched) -> str | NoScore:
    """Return the name of the score that a metric of Keras is.

    Args:
        config: The metric, as Keras writes it in a configuration.
        watched: What it watches.
    """
    metric = _METRICS.get(_plain(config)) if _is_of_keras(config) else None
    if metric is None:
        return NoScore()
    given = config.get("config") if isinstance(config, Mapping) else None
    settings = given if isinstance(given, Mapping) else {}
    for key, fits in metric.fits.items():
        value = settings.get(key, _DEFAULTS.get(key))
        if not fits(value, watched):
            return NoScore(f"{key}={value!r}")
    for key, value in settings.items():
        if value and key not in metric.fits and key not in _LABELS:
            return NoScore(f"{key}={value!r}")
    name = metric.name(settings, watched)
    return name if name and maker(name, watched.kind) else NoScore()


def is_of_values(config: Any, metric: Any) -> bool:
    """Whether a metric that is no score of this package can be one of values.

    Keras would compute any on values, but whether classes are right says nothing of them.

    Args:
        config: The metric, as Keras writes it in a configuration.
        metric: The metric.
    """
    own = str(getattr(metric, "__module__", "")).split(".")[0] != "keras"
    return own or _plain(config) in _OF_VALUES


def _plain(config: Any) -> str:
    name = "".join(filter(str.isalnum, class_name_of(config))).lower()
    return f"{name} class" if name == "accuracy" and not isinstance(config, str) else name


def _is_of_keras(config: Any) -> bool:
    """Whether a metric is one of Keras's own, rather than somebody's of the same name."""
    if not isinstance(config, Mapping):
        return True
    if config.get("class_name") == "function":
        return hasattr(keras.metrics, class_name_of(config))
    module = config.get("module")
    return module is None or str(module).split(".")[0] == "keras"


def _always(name: str) -> Name:
    return lambda settings, watched: name  # noqa: ARG005 - one of many that need them


def _any(value: Any, watched: Watched) -> bool:
    del value, watched
    return True


def _is(*values: Any) -> Fits:
    return lambda value, watched: value in values  # noqa: ARG005 - likewise


def _of_rows(value: Any, watched: Watched) -> bool:
    """Whether all classes are seen, each in a column."""
    return watched.units > 1 and value == watched.units


def _ranked(value: Any, watched: Watched) -> bool:
    """Whether columns are ranked each alone: Keras throws those of all classes together."""
    return bool(value) or watched.units == 1


def _raw(value: Any, watched: Watched) -> bool:
    """Whether probabilities are what they are here: a sigmoid of many classes is not."""
    return not value or watched.labels


def _given_from(value: Any, watched: Watched) -> bool:
    """Whether labels are given from where they are here, or the highest class is."""
    return watched.halves(value) if watched.labels else value is None


def _halfway(value: Any, watched: Watched) -> bool:
    return not watched.labels or watched.halves(_HALF if value is None else value)


def _threshold(value: Any, watched: Watched) -> bool:
    """Whether recall and precision have the threshold, one half by default."""
    return watched.halves(_HALF if value is None else value) if watched.labels else value is None


def _top(value: Any, watched: Watched) -> bool:
    """Whether the answer is the top class, or any number of labels."""
    return not value if watched.labels else value == 1


def _one_class(value: Any, watched: Watched) -> bool:
    """Whether it is of one class: of all, Keras adds up what this package averages."""
    return value in {None, 0} if watched.units == 1 else value is not None


def _area(settings: Mapping[str, Any], watched: Watched) -> str:
    del watched
    return "average_precision" if settings.get("curve") == "PR" else "auc"


def _f1(settings: Mapping[str, Any], watched: Watched) -> str:
    if watched.kind is TaskKind.POSITIONS:
        return ""  # Keras takes rows only
    average = settings.get("average")
    alone = watched.units == 1 or average not in {"micro", "weighted"}
    return "f1" if alone else f"f1_{average}"


def _counted(name: str) -> Name:
    """Return which recall or precision it is; a single unit is class 1, of which it is anyway."""

    def of_class(settings: Mapping[str, Any], watched: Watched) -> str:
        if watched.units > 1:
            return f"{name}@{settings.get('class_id')}"
        return f"{name}@1" if watched.kind is TaskKind.POSITIONS else name

    return of_class


def _one_unit(settings: Mapping[str, Any], watched: Watched) -> str:
    del settings
    return "accuracy" if watched.units == 1 else ""


def _many_units(settings: Mapping[str, Any], watched: Watched) -> str:
    del settings
    return "accuracy" if watched.units > 1 else ""


def _within_top(settings: Mapping[str, Any], watched: Watched) -> str:
    del watched
    return f"top_{settings.get('k', 5)}_accuracy"


def _fewer(value: Any, watched: Watched) -> bool:
    return isinstance(value, int) and 0 < value < watched.units


_COUNTS: Mapping[str, Fits] = {"thresholds": _threshold, "top_k": _top, "class_id": _one_class}
_TOPS = _Metric(_within_top, {"k": _fewer})
_METRICS: Mapping[str, _Metric] = {
    "acc": _Metric(_always("accuracy"), {}),
    "accuracy": _Metric(_always("accuracy"), {}),
    "auc": _Metric(
        _area,
        {
            "num_thresholds": _any,
            "num_labels": _any,
            "curve": _is("ROC", "PR"),
            "summation_method": _is("interpolation"),
            "multi_label": _ranked,
            "from_logits": _raw,
        },
    ),
    "binaryaccuracy": _Metric(_one_unit, {"threshold": _halfway}),
    "categoricalaccuracy": _Metric(_many_units, {}),
    "f1score": _Metric(_f1, {"average": _any, "threshold": _given_from}),
    "mae": _Metric(_always("mae"), {}),
    "mape": _Metric(_always("mape"), {}),
    "meanabsoluteerror": _Metric(_always("mae"), {}),
    "meanabsolutepercentageerror": _Metric(_always("mape"), {}),
    "meaniou": _Metric(
        _always("mean_iou"),
        {
            "num_classes": _of_rows,
            "sparse_y_true": _any,
            "sparse_y_pred": lambda v, _: v is False,
            "ignore_class": lambda v, w: v is None or v == w.ignored,
            "axis": _is(-1),
        },
    ),
    "meansquarederror": _Metric(_always("mse"), {}),
    "mse": _Metric(_always("mse"), {}),
    "precision": _Metric(_counted("precision"), _COUNTS),
    "r2score": _Metric(
        _always("r2"), {"class_aggregation": lambda v, w: v in _SUMS or w.units == 1}
    ),
    "recall": _Metric(_counted("recall"), _COUNTS),
    "rootmeansquarederror": _Metric(_always("rmse"), {}),
    "sparsecategoricalaccuracy": _Metric(_many_units, {}),
    "sparsetopkcategoricalaccuracy": _TOPS,
    "topkcategoricalaccuracy": _TOPS,
}
"""Metrics of Keras that are scores of this package, by their name in lower case."""
_DEFAULTS: Mapping[str, Any] = {
    "axis": -1,
    "curve": "ROC",
    "k": 5,
    "summation_method": "interpolation",
}
"""What settings are where a metric is given by its name alone, and that is not None."""
