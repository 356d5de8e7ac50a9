"""What can go wrong by the user's input; each carries one line that says what to do."""

from __future__ import annotations


class PaodingError(Exception):
    """Base of all errors of this package; `str()` is one line that names the cause and the remedy.

    A gate that meets one is UNJUDGED with that line as its reason. Anything else that is raised
    is a defect of this package or of the code it was given, and keeps its traceback.
    """


class ModelFileError(PaodingError):
    """A model file is missing, broken, unsafe, absurdly large or not one of Keras 3."""


class PruningError(PaodingError):
    """A model cannot be pruned as asked: bad arguments, or nothing in it may shrink."""


class SurgeryError(PaodingError):
    """A layer cannot be rebuilt or a plan does not fit the model it is applied to."""


class DataError(PaodingError):
    """The data for judging is empty, malformed, not finite, or does not fit the model."""


class EvaluationError(PaodingError):
    """A model's outputs cannot be judged: not finite, or not those of a classifier."""
