"""What an original has said is asked for once, and is the same as what it would say again."""

from __future__ import annotations

import gc
import weakref

import keras
import numpy as np
import pytest

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.evaluation.observing import predict, recollection
from support.nightly import nightly


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(recollection, "_recollections", type(recollection._recollections)())


@pytest.fixture
def runs(monkeypatch):
    """Titles of the models that are traced or run, in order."""
    seen = []

    def told(name):
        known = getattr(predict.Predictor, name)

        def run(self, *arguments):
            seen.append(self.title)
            return known(self, *arguments)

        monkeypatch.setattr(predict.Predictor, name, run)

    for name in ("_outputs", "_run"):
        told(name)
    return seen


def whole(found):
    return {name: vars_of(each) for name, each in found.items()}


def vars_of(measurement):
    return {name: getattr(measurement, name) for name in measurement.__dataclass_fields__}


def copied(model):
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    return other


@pytest.mark.parametrize("attack", ("fgsm", "fmn", *nightly("pgd", "hopskipjump", "strong")))
def test_what_is_remembered_changes_no_figure(attack, digits, digits_cnn, runs):
    data = tuple(part[:60] for part in digits)
    pruned = copied(digits_cnn)
    pruned.set_weights([each * 0.9 for each in pruned.get_weights()])
    asked = {"attack": attack, "epsilons": (0.02, 0.1), "attack_samples": 40}
    if attack != "fgsm":
        asked["attack_steps"] = 3
    first = whole(evaluate(copied(digits_cnn), pruned, data, **asked))
    assert runs.count("original") > 1
    runs.clear()
    again = whole(evaluate(copied(digits_cnn), pruned, data, **asked))
    assert set(runs) == {"pruned"}
    assert again == first


@pytest.mark.parametrize("change", ("weights", "data", "labels", "task"))
def test_what_differs_is_asked_for_again(change, digits, digits_cnn, runs):
    x, y = (part[:60] for part in digits)
    asked = {"epsilons": (0.1,)}
    evaluate(copied(digits_cnn), digits_cnn, (x, y), **asked)
    model = copied(digits_cnn)
    if change == "weights":
        model.set_weights([each * 0.5 for each in model.get_weights()])
    elif change == "data":
        x = x[:, ::-1]
    elif change == "labels":
        y = (y + 1) % 10
    else:
        asked["task"] = "any"
    runs.clear()
    found = whole(evaluate(model, digits_cnn, (x, y), **asked))
    assert "original" in runs
    recollection._recollections.clear()
    assert found == whole(evaluate(model, digits_cnn, (x, y), **asked))


def test_no_model_is_kept_alive(digits, digits_cnn):
    model = copied(digits_cnn)
    evaluate(model, digits_cnn, tuple(part[:20] for part in digits), epsilons=(0.1,))
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_only_the_last_few_models_are_remembered(digits, digits_mlp):
    data = tuple(part[:20] for part in digits)
    for scale in np.linspace(0.5, 1, 6):
        model = copied(digits_mlp)
        model.set_weights([each * scale for each in model.get_weights()])
        evaluate(model, digits_mlp, data)
    assert len(recollection._recollections) == recollection._KEPT


def test_what_is_large_is_not_kept(monkeypatch, digits, digits_mlp, runs):
    monkeypatch.setattr(recollection, "_BYTES", 1000)
    data = tuple(part[:60] for part in digits)
    first = whole(evaluate(digits_mlp, digits_mlp, data, epsilons=(0.1,)))
    (known,) = recollection._recollections.values()
    assert known._bytes <= 1000
    runs.clear()
    assert whole(evaluate(digits_mlp, digits_mlp, data, epsilons=(0.1,))) == first
    assert "original" in runs


def test_models_of_a_projects_own_code_are_asked_again(digits, digits_mlp, runs):
    @keras.saving.register_keras_serializable("own")
    class Doubled(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2

    model = keras.Sequential([keras.Input((8, 8, 1)), Doubled(), copied(digits_mlp)])
    data = tuple(part[:20] for part in digits)
    first = whole(evaluate(model, model, data))
    runs.clear()
    assert whole(evaluate(model, model, data)) == first
    assert "original" in runs
    assert not recollection._recollections
