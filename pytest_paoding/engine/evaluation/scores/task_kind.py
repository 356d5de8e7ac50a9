"""Kinds of tasks: what the truth of a sample is, and what a model answers."""

from __future__ import annotations

from enum import Enum


class TaskKind(Enum):
    """What a model is to find out; says which truth and which answer a score gets.

    Logits are what goes into a softmax, up to a constant per row: logarithms of probabilities are
    logits too, probabilities are not. `*places` stands for any number of axes.

    Attributes:
        CLASSES: Truth is a class number for each sample, shape (samples,); the answer is logits,
            shape (samples, classes).
        BINARY: The same with the classes 0 and 1: the answer is logits, shape (samples, 2). One
            unit with the logit z is given as the columns 0 and z.
        MULTILABEL: Truth is 0 or 1 for each label, shape (samples, labels); the answer is
            probabilities of that shape, and a label is given where they exceed 0.5.
        POSITIONS: Truth is a class number at each position, shape (samples, *places); the answer is
            logits, shape (samples, *places, classes). Weights, shape (samples, *places), are 0
            where a position is padding or to be ignored; the truth may be any number there.
        REGRESSION: Truth and answer are numbers, shape (samples, *places), one or many for each
            sample; weights, of the same shape, are optional.
        RECONSTRUCTION: The same, where the truth is the input itself.
    """

    CLASSES = "classes"
    BINARY = "binary"
    MULTILABEL = "multilabel"
    POSITIONS = "positions"
    REGRESSION = "regression"
    RECONSTRUCTION = "reconstruction"
