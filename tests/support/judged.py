"""Judged outputs, for tests of what goes on within an evaluation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pytest_paoding.engine.evaluation.observing.answers import Answers, Observations
from pytest_paoding.engine.evaluation.tasks.class_task import ClassTask
from pytest_paoding.engine.evaluation.tasks.judged_tasks import JudgedTasks
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.keras_io.compilation import compiled_of
from pytest_paoding.engine.ports import Port

DIGIT = Port(("digit",), (10,), "float32")


def tasks_of(model: Any, said: Any = None) -> JudgedTasks:
    """Return the tasks of a model's outputs."""
    signature = signature_of(model)
    names = [port.names for port in signature.outputs]
    return JudgedTasks(read_graph(model), signature, compiled_of(model, names), said)


def class_tasks(model: Any) -> dict[int, ClassTask]:
    """Return one task of classes for each output of a model."""
    return {
        index: ClassTask(port, "of a test")
        for index, port in enumerate(signature_of(model).outputs)
    }


def answers(predicted: Any, robust: Any = (), flat: int = 0, **more: Any) -> Answers:
    """Return answers of a classifier; what is right and agreed on, `observed` finds out."""
    predicted = np.atleast_2d(np.array(predicted))
    size = predicted.shape[1]
    return Answers(
        predicted=predicted,
        right=np.zeros(size, bool),
        agreed=None,
        moved=np.zeros(size),
        squares=np.ones(size),
        sums=(),
        scored=(),
        robust=np.array(robust, bool).reshape(len(robust), size),
        flat=flat,
        **more,
    )


def observed(before: Answers, after: Answers, labels: Any = None, **options: Any) -> Observations:
    """Return what was seen of two classifiers whose answers and labels are known."""
    truth = None if labels is None else np.atleast_2d(np.array(labels))
    if truth is not None:
        before, after = (
            replace(each, right=(each.predicted == truth).all(axis=0)) for each in (before, after)
        )
    after = replace(after, agreed=(before.predicted == after.predicted).all(axis=0).astype(float))
    tasks = (ClassTask(DIGIT, "of a test"),) * len(before.predicted)
    return Observations(original=before, pruned=after, tasks=tasks, labels=truth, **options)
