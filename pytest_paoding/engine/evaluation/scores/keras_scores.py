"""Metrics of Keras as scores: by name, or as an object."""

from __future__ import annotations

import difflib
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.scores.resampled_scores import ResampledScore, takes
from pytest_paoding.errors import ConfigError, EvaluationError, cause_of
from pytest_paoding.records.metrics import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.evaluation.scores.score import Numbers, Rows

PREFIX = "keras.metrics."
_DIRECTIONS = {"up": Direction.HIGHER, "down": Direction.LOWER}
_NEAR = 3
_OVERLAPS = (keras.metrics.IoU, keras.metrics.MeanIoU)  # and all that are derived from them


@dataclass(frozen=True, slots=True, repr=False)
class KerasScore(ResampledScore):
    """Score of a metric of Keras, in float32 as Keras has it, or in the metric's own dtype.

    Where the metric is a mean of a function, such as `CosineSimilarity`, the function is called
    once on all samples. Any other is run once for each weighting, some milliseconds each.

    Attributes:
        metric: The metric; its state is reset before each run.
    """

    metric: Any

    def computing(self, rows: Rows) -> Callable[[Rows], float]:
        """Return the function that runs the metric anew."""
        del rows
        return self._run

    @property
    def weighs(self) -> bool:
        """Whether the metric takes weights that are no whole numbers."""
        return takes(self.metric.update_state, "sample_weight") and not self._whole

    def per_sample(self, rows: Rows) -> Numbers | None:
        """Return the numbers that the metric is the mean of, if it is a mean."""
        truth, answer, *weights = rows
        if weights or not isinstance(self.metric, keras.metrics.MeanMetricWrapper):
            return None
        found = np.asarray(self._guarded(lambda: _values(self.metric, truth, answer)), np.float64)
        if found.shape[:1] != truth.shape[:1]:
            return None
        means: Numbers = found.reshape(len(truth), -1).mean(axis=1)
        return means

    @property
    def _whole(self) -> bool:
        """Whether the metric counts in integers, and would cut off the fraction of a weight."""
        return "int" in self.metric.dtype

    def _run(self, rows: Rows) -> float:
        truth, answer, *weights = rows
        if weights and self._whole:
            weights = [self._integers(weights[0])]
        if weights and isinstance(self.metric, _OVERLAPS):
            weights = [_of_places(self.metric, truth, weights[0])]
        self.metric.reset_state()
        found = np.asarray(self._guarded(lambda: self.metric(truth, answer, *weights)))
        if found.ndim:
            raise EvaluationError(
                f"{self.name} gives {found.size} numbers instead of one: let package.module:name "
                f"be a metric that averages them"
            )
        return float(found)

    def _integers(self, weights: Any) -> Any:
        whole = weights.astype(np.int64)
        if (whole != weights).any():
            raise EvaluationError(
                f"{self.name} counts in {self.metric.dtype} and cannot weigh places by fractions: "
                f"let package.module:name be the metric, made with dtype='float32'"
            )
        return whole

    def _guarded(self, function: Callable[[], Any]) -> Any:
        """Return what a function of Keras does, and its refusal in one line."""
        try:
            return function()
        except (TypeError, ValueError, tf.errors.OpError) as error:
            raise EvaluationError(f"{self.name} cannot be taken: {cause_of(error)}") from error


def keras_score(name: str, *, direction: Direction | None = None) -> KerasScore:
    """Return the score of a metric by the name that Keras gives it.

    Args:
        name: With or without `keras.metrics.`: a class, or its name in snake case, as
            `keras.metrics.get` knows them.
        direction: Which values are better; None to have it from Keras.

    Raises:
        ConfigError: There is no such metric, it needs arguments, it is none of truth and answer, or
            its direction is not known.
    """
    short = name.removeprefix(PREFIX)
    try:
        metric = keras.metrics.get(short)
    except ValueError as error:
        near = difflib.get_close_matches(short, keras_names(), n=_NEAR)
        hint = f", near are {', '.join(near)}" if near else ""
        raise ConfigError(f"unknown metric {name!r} of Keras{hint}") from error
    except TypeError as error:
        raise ConfigError(
            f"metric {name!r} of Keras needs arguments: let package.module:name be the metric, "
            f"made with them ({cause_of(error)})"
        ) from error
    return metric_score(name, metric, direction=direction)


def metric_score(name: str, metric: Any, *, direction: Direction | None = None) -> KerasScore:
    """Return the score of a metric object of Keras.

    Raises:
        ConfigError: It is none of truth and answer, or its direction is not known.
    """
    if not takes(metric.update_state, "y_pred"):
        raise ConfigError(f"metric {name!r} of Keras is not one of truth and answer")
    # Checkpoints of Keras read the same attribute; metrics of other authors may lack it.
    better = direction or _DIRECTIONS.get(getattr(metric, "_direction", ""))
    if better is None:
        raise ConfigError(
            f"Keras does not say which values of {name!r} are better: give its direction, "
            f"'higher' or 'lower'"
        )
    return KerasScore(name, better, metric)


def is_of_keras(name: str) -> bool:
    """Return whether Keras has a metric of that name."""
    try:
        keras.metrics.get(name)
    except ValueError:
        return False
    except TypeError:
        return True  # one that needs arguments
    return True


def keras_names() -> list[str]:
    """Return the names of all classes of metrics in Keras."""
    classes = inspect.getmembers(keras.metrics, inspect.isclass)
    return [name for name, each in classes if issubclass(each, keras.metrics.Metric)]


def _values(metric: Any, truth: Any, answer: Any) -> Any:
    """Return the numbers that a metric would take the mean of, in its dtype.

    They are nowhere public; without them each replicate would run the metric on all samples.
    """
    return metric._fn(truth, answer, **metric._fn_kwargs)  # noqa: SLF001 - see above


def _of_places(metric: Any, truth: Any, weights: Any) -> Any:
    """Return a weight for each place, which metrics of overlaps need: they do not spread them."""
    shape = truth.shape if metric.sparse_y_true else np.delete(truth.shape, metric.axis)
    missing = (1,) * (len(shape) - weights.ndim)
    return np.broadcast_to(weights.reshape(*weights.shape, *missing), tuple(shape))
