"""Attacks as tests run them: quickly, on small models."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.engine.evaluation.attacks.attack import Target
from pytest_paoding.engine.evaluation.attacks.choose import attack_of
from pytest_paoding.engine.evaluation.predict import Predictor, top_classes
from pytest_paoding.engine.execution.signature import signature_of

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
    judged = range(len(model.outputs))
    predictor = Predictor(model, signature_of(model), judged, "original")
    tensors = [tf.constant(each) for each in inputs]
    return Target(predictor, tensors, np.array(labels, np.int64), np.random.default_rng(seed))


def survivors(attack, at):
    """Return which samples are right under each epsilon, and what the attack came up with."""
    attempt = attack.attempt(at)
    examples = [list(each) for each in attempt.examples]
    right = (top_classes(attempt.logits) == at.labels).all(axis=0)
    return np.array([at.right(each) & right for each in examples]), examples, attempt
