"""Attacks as tests run them: quickly, on small models."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.engine.evaluation.attacks.attack import Target
from pytest_paoding.engine.evaluation.attacks.choose import attack_of
from pytest_paoding.engine.evaluation.observing.predict import Predictor
from pytest_paoding.engine.execution.signature import signature_of
from support.judged import class_tasks

EPSILONS = (0.1, 0.03)  # not in order on purpose
QUICK = {"pgd": {"steps": 8}, "fmn": {"steps": 25}, "hopskipjump": {"steps": 3}, "strong": {}}
STRONG = pytest.param("strong", marks=pytest.mark.slow)
NAMES = ("pgd", "fmn", "hopskipjump", STRONG)
layers = keras.layers


def made(name, model, ranges=None, epsilons=EPSILONS, **options):
    signature = signature_of(model)
    ranges = ranges or tuple((0.0, 1.0) if each.floating else None for each in signature.inputs)
    scope = {"epsilons": epsilons, "inputs": signature.inputs, "ranges": ranges}
    return attack_of(name, **(QUICK.get(name, {}) | options), **scope)


def quick(name):
    """Return the same options for `evaluate`."""
    return {f"attack_{key}": value for key, value in QUICK.get(name, {}).items()}


def target(model, inputs, labels, seed=0):
    """Return a model and samples to attack; labels are a list for each output."""
    predictor = Predictor(model, signature_of(model), class_tasks(model), "original")
    tensors = [tf.constant(each) for each in inputs]
    truths = tuple(np.array(each, np.int64) for each in labels)
    return Target(predictor, tensors, truths, np.random.default_rng(seed))


def survivors(attack, at):
    """Return which samples are right under each epsilon, and what the attack came up with."""
    attempt = attack.attempt(at)
    examples = [list(each) for each in attempt.examples]
    right = at.right_by(attempt.forms)
    return np.array([at.right(each) & right for each in examples]), examples, attempt
