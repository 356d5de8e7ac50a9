"""Metrics of Keras that a model was compiled with, and the scores of this package that they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.evaluation.scores.score_catalogue import maker
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.engine.keras_io.compilation import class_name_of

if TYPE_CHECKING:
    from collections.abc import Callable

_SAME: Mapping[str, str] = {
    "meanabsoluteerror": "mae",
    "meansquarederror": "mse",
    "rootmeansquarederror": "rmse",
    "meanabsolutepercentageerror": "mape",
    "r2score": "r2",
    "meaniou": "mean_iou",
    "acc": "accuracy",
    "binaryaccuracy": "accuracy",
    "categoricalaccuracy": "accuracy",
    "sparsecategoricalaccuracy": "accuracy",
}
"""Scores of this package that are what a metric of Keras is, by its name in lower case."""
_OF_VALUES = frozenset(
    {"cosinesimilarity", "logcosherror", "logcosh", "huber", "poisson", "kldivergence", "kld"}
    | {"meansquaredlogarithmicerror", "msle", "concordancecorrelation", "pearsoncorrelation"}
)
"""Metrics of values that Keras has and this package has not."""
_HALFWAY = (None, 0, 0.5)  # thresholds at which a label is given, of logits and of probabilities


def counterpart(config: Any, kind: TaskKind) -> str | None:
    """Return the name of the score that a metric of Keras is; None if this package has none.

    Args:
        config: The metric, as Keras writes it in a configuration.
        kind: What it is to judge.
    """
    plain = _plain(config)
    given = config.get("config") if isinstance(config, Mapping) else None
    settings = given if isinstance(given, Mapping) else {}
    name = _SET[plain](plain, settings, kind) if plain in _SET else _SAME.get(plain, plain)
    return name if name and maker(name, kind) else None


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
    return "".join(filter(str.isalnum, class_name_of(config))).lower()


def _area(plain: str, settings: Mapping[str, Any], kind: TaskKind) -> str:
    del plain, kind
    return "average_precision" if settings.get("curve") == "PR" else "auc"


def _f1(plain: str, settings: Mapping[str, Any], kind: TaskKind) -> str | None:
    del plain
    if settings.get("threshold") not in _HALFWAY:
        return None
    average = settings.get("average")
    if average == "macro" and kind is TaskKind.BINARY:
        return "f1_macro"
    return f"f1_{average}" if average in {"micro", "weighted"} else "f1"


def _at_threshold(plain: str, settings: Mapping[str, Any], kind: TaskKind) -> str | None:
    """Return recall or precision, of one class or of all."""
    del kind
    if settings.get("thresholds") not in _HALFWAY or settings.get("top_k"):
        return None
    number = settings.get("class_id")
    return plain if number is None else f"{plain}@{number}"


def _within_top(plain: str, settings: Mapping[str, Any], kind: TaskKind) -> str:
    del plain, kind
    return f"top_{settings.get('k', 5)}_accuracy"


_SET: Mapping[str, Callable[[str, Mapping[str, Any], TaskKind], str | None]] = {
    "auc": _area,
    "f1score": _f1,
    "recall": _at_threshold,
    "precision": _at_threshold,
    "topkcategoricalaccuracy": _within_top,
    "sparsetopkcategoricalaccuracy": _within_top,
}
"""Scores whose name depends on the settings of a metric, likewise."""
