"""What an output of a model is judged as, behind one interface.

A task knows how labels are read, what is compared with them, when two answers agree, and what an
attack raises. Everything that runs models asks the task and knows no kind by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.observing.heads import Head
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, Shape
    from pytest_paoding.engine.ports import Port
    from pytest_paoding.records.protocol import TaskName

_UNCOUNTED = {"i": -1, "f": np.nan}
_FAR = 1e6
"""A shift of log-odds that stands for any that is larger, such as from what can never be."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of some samples, for one output.

    Attributes:
        values: Class numbers, labels or values, the samples along the first axis.
        weights: How much each sample counts, shape (samples,), or each of its positions or values;
            None where all count alike.
    """

    values: Any
    weights: FloatArray | None = None

    @property
    def counts(self) -> BoolArray | None:
        """Which samples count, or which of their places; None where all do."""
        return None if self.weights is None else self.weights > 0

    @property
    def counted(self) -> Any:
        """The values, with -1 for classes and labels that do not count, and NaN for values."""
        kind = self.values.dtype.kind
        if self.counts is None or kind not in "if":
            return self.values
        return np.where(widened(self.counts, self.values.shape), self.values, _UNCOUNTED[kind])

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> Truth:
        """Return the truth of some of the samples."""
        weights = None if self.weights is None else self.weights[rows]
        return Truth(self.values[rows], weights)


class OutputTask(ABC):
    """A task of one output.

    Attributes:
        name: The name that settings have for it.
        port: The output.
        why: How it was found out.
        from_logits: Whether it is judged on what goes into the last softmax or sigmoid.
        exclusive: Whether one of its units holds, and not several.
        answered: Whether two answers are the same or not, rather than more or less alike.
        decides: Whether an answer is right or wrong.
        guessed: Whether nothing but the shape of the output tells it.
        halfway: Whether a linear unit decides at one half.
        ignored: The class number that its loss leaves out.
        default_score: Name of the score that is compared unless others are asked for.
    """

    name: ClassVar[TaskName]
    answered: ClassVar[bool] = True
    decides: ClassVar[bool] = False
    from_logits: ClassVar[bool] = True
    exclusive: ClassVar[bool] = True
    guessed: bool = False
    halfway: bool = False
    ignored: int | None = None
    default_score: ClassVar[str]

    def __init__(self, port: Port, why: str) -> None:
        """Take an output, and how its task was found out."""
        self.port = port
        self.why = why

    @property
    def count(self) -> int:
        """Number of classes that it tells apart, or of its labels; 0 where it has none."""
        return 0

    @property
    def places(self) -> Shape:
        """Lengths of what can be weighed of a sample; none where it is weighed as a whole."""
        return ()

    @abstractmethod
    def truth(self, labels: Any, weights: Any = None) -> Any:
        """Return labels as an array, the samples along the first axis.

        Args:
            labels: As the user hands them in.
            weights: How much samples or positions count, likewise; None where all count alike. The
                label of what has the weight 0 may be anything.

        Raises:
            DataError: They are none of this task; one line that says which task would fit.
        """

    def weighted(self, labels: Any, weights: Any) -> Any:
        """Return how much samples or positions count, less those that the loss leaves out.

        Args:
            labels: As the user hands them in.
            weights: Likewise; None where all count alike.
        """
        del labels
        return weights

    @abstractmethod
    def form(self, scores: Any, head: Head) -> Any:
        """Return the tensor that answers and losses are computed from.

        Args:
            scores: The output, a tensor, or what goes into its last activation.
            head: What it holds.
        """

    @abstractmethod
    def answers(self, form: Any) -> Any:
        """Return what the model says, an array, the samples along the first axis."""

    @abstractmethod
    def losses(self, form: Any, truth: Any) -> Any:
        """Return what an attack raises, a tensor of shape (samples,)."""

    def right(self, answers: Any, truth: Any) -> BoolArray | None:
        """Return which samples are right, shape (samples,); None where none is right or wrong."""
        del answers, truth
        return None

    def agreed(self, one: Any, other: Any) -> BoolArray | None:
        """Return which answers are the same, shape (samples,) or (samples, *positions).

        None where answers are values, which differ more or less.
        """
        del one, other
        return None

    def shifted(self, one: Any, other: Any) -> FloatArray | None:
        """Return how far the log-odds between two models' answers are apart, shape (samples,).

        NaN where the answers are the same; None where they are no classes or labels.

        Args:
            one: The form of the original.
            other: That of the pruned model.
        """
        del one, other
        return None

    def worded(self, answer: Any) -> str | None:
        """Return the answer to one sample, or what is true of it, as a text; None as above."""
        del answer
        return None

    def by_units(self, scores: Any) -> Any:
        """Return an output's values with its units along the last axis."""
        return scores

    def judged(self, form: Any) -> Any:
        """Return what scores compare with the truth, an array."""
        return np.asarray(form)

    def placed(self, form: Any) -> Any:
        """Return what divergence compares, an array: equal for forms that mean the same."""
        return np.asarray(form)

    def own(self, form: Any, head: Head) -> Any:
        """Return the output as the model gives it, for scores of the user's own.

        Args:
            form: Its form.
            head: What it holds.
        """
        del head
        return np.asarray(form)

    @property
    def note(self) -> str | None:
        """What to say of it; nothing where it goes without saying, as of classes."""
        return self.taken

    @property
    def taken(self) -> str:
        """What the output was taken for, and why."""
        return f"output {self.port.name!r} judged as {self.name} ({self.why})"

    def _refuse(self, found: str, remedy: str) -> DataError:
        return DataError(f"labels of output {self.port.name!r} {found}: {remedy}")


def flipped_only(shifts: Any, flipped: BoolArray) -> FloatArray:
    """Return shifts of log-odds with NaN where nothing flipped; infinite ones as large numbers."""
    finite = np.nan_to_num(shifts, nan=_FAR, posinf=_FAR)
    return np.where(flipped, np.minimum(finite, _FAR), np.nan)


def numbers(labels: Any, port: Port) -> Any:
    """Return labels as an array of numbers.

    Raises:
        DataError: They are none.
    """
    try:
        array = np.asarray(labels)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"labels of output {port.name!r} are no array: {error}") from error
    if array.dtype.kind in "biuf":
        return array
    example = array.ravel()[:1].tolist()
    raise DataError(f"labels of output {port.name!r} are no numbers ({example}): number them")


def fitted_weights(weights: Any, shape: tuple[int, ...]) -> Any:
    """Return weights as an array, one for each sample or for each place; None if they do not fit.

    As in Keras, a last axis of one is nothing, and the weight of a step is that of all its values.

    >>> fitted_weights([[1, 0], [2, 1]], (2, 2, 1)).shape
    (2, 2, 1)
    >>> fitted_weights([[1], [2]], (2, 3))
    array([1, 2])

    Args:
        weights: As the user hands them in.
        shape: That of what is true.
    """
    array = np.asarray(weights)
    while array.ndim > 1 and array.shape[-1] == 1 and array.shape != shape:
        array = array[..., 0]
    if not array.ndim or array.shape != shape[: array.ndim]:
        return None
    return array if array.ndim == 1 else widened(array, shape)


def counted_in(weights: Any, shape: tuple[int, ...]) -> BoolArray:
    """Return what counts: what has a weight that is not 0, or is in a sample that has one.

    All does where there are no weights, or they do not fit, which is refused elsewhere.

    Args:
        weights: As the user hands them in; None where all count alike.
        shape: That of what is true.
    """
    array = None if weights is None else fitted_weights(weights, shape)
    return np.ones(shape, bool) if array is None else widened(array != 0, shape)


def without(ignored: BoolArray, weights: Any) -> Any:
    """Return weights of samples or places with 0 for those that are ignored.

    Args:
        ignored: Which are.
        weights: As the user hands them in; None where all count alike.
    """
    counted = ~ignored
    if weights is None:
        return counted.astype(np.float64)
    own = fitted_weights(weights, counted.shape)
    if own is None or own.dtype.kind not in "biuf":
        return weights  # which are refused as they are
    return counted * widened(own, counted.shape)


def widened(array: Any, shape: tuple[int, ...]) -> Any:
    """Return what is known of samples or of their first places for all that is in them."""
    return np.broadcast_to(array.reshape(*array.shape, *(1,) * (len(shape) - array.ndim)), shape)


def centred(logits: Any) -> Any:
    """Return logits less their mean over the classes, which a softmax does not tell apart.

    Those that are infinite do not count.
    """
    exact = np.asarray(logits, np.float64)
    finite = np.isfinite(exact)
    total = np.where(finite, exact, 0.0).sum(axis=-1, keepdims=True)
    return exact - total / np.maximum(finite.sum(axis=-1, keepdims=True), 1)
