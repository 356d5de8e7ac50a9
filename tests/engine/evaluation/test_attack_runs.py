"""How attacks are run: inputs, seeds, samples, details, and what is in their way."""

from __future__ import annotations

import os
import random
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.engine.evaluation.attacks import hop_skip_jump, library
from pytest_paoding.engine.evaluation.attacks.attack import Target
from pytest_paoding.engine.evaluation.attacks.choose import attack_of
from pytest_paoding.engine.evaluation.data.judging_data import Batch
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.evaluation.observing.leads import lead
from pytest_paoding.engine.evaluation.tasks.output_task import Truth
from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.ports import Port
from pytest_paoding.errors import EvaluationError
from pytest_paoding.records import optional_packages
from support.attacked import EPSILONS, NAMES, layers, made, quick, survivors, target


def forked():
    """Return a model of two float inputs, of ranges of their own, words, and two outputs."""
    image = keras.Input((3, 3, 1), name="image")
    sound = keras.Input((4,), name="sound", dtype="float64")
    words = keras.Input((2,), name="words", dtype="int32")
    parts = [layers.Flatten()(image), keras.ops.cast(sound, "float32") / 100]
    x = layers.Concatenate()([*parts, layers.Flatten()(layers.Embedding(5, 3)(words))])
    x = layers.Dense(12, "relu")(x)
    outputs = {
        "kind": layers.Dense(3, "softmax", name="kind")(x),
        "loud": layers.Dense(1, "sigmoid", name="loud")(x),
    }
    model = keras.Model({"image": image, "sound": sound, "words": words}, outputs)
    generator = np.random.default_rng(5)
    model.set_weights([generator.normal(0, 1, each.shape) for each in model.get_weights()])
    x = {
        "image": generator.uniform(-1, 1, (40, 3, 3, 1)).astype("float32"),
        "sound": generator.uniform(0, 255, (40, 4)),
        "words": generator.integers(0, 5, (40, 2)),
    }
    kind, loud = (model.predict(x, verbose=0)[key] for key in ("kind", "loud"))
    return model, x, {"kind": kind.argmax(axis=1), "loud": (loud[:, 0] > 0.5).astype(int)}


@pytest.mark.parametrize("name", NAMES)
def test_several_inputs_and_outputs_of_ranges_of_their_own(name):
    model, x, y = forked()
    order = [port.name for port in signature_of(model).inputs]
    known = {"image": (-1.0, 1.0), "sound": (0.0, 255.0), "words": None}
    inputs = [x[each].astype("int32") if each == "words" else x[each] for each in order]
    ranges = tuple(known[each] for each in order)
    at = target(model, inputs, [y["kind"], y["loud"]])
    robust, examples, _ = survivors(made(name, model, ranges, epsilons=(0.5,)), at)
    weak, _, _ = survivors(made("fgsm", model, ranges, epsilons=(0.5,)), at)
    assert 0 < robust.mean() < 0.9
    if name != "hopskipjump":
        assert not (robust & ~weak).any()
    for found, given_input, interval in zip(examples[0], inputs, ranges, strict=True):
        values = found.numpy()
        assert values.dtype == given_input.dtype
        if interval is None:
            np.testing.assert_array_equal(values, given_input)
        else:
            assert 0 < np.abs(values - given_input).max() <= 0.5 * (1 + 1e-6)
            assert values.min() >= interval[0]
            assert values.max() <= interval[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_of_inputs_does_not_matter(name, tumours, tumour_mlp):
    x, y = (part[:40] for part in tumours)
    scaled = keras.Sequential([keras.Input((30,)), layers.Rescaling(1 / 256, 0.5), tumour_mlp])
    one, _, _ = survivors(made(name, tumour_mlp), target(tumour_mlp, [x], [y]))
    epsilons = tuple(256 * each for each in EPSILONS)
    attack = made(name, scaled, ((-128.0, 128.0),), epsilons=epsilons)
    other, _, _ = survivors(attack, target(scaled, [x * 256 - 128], [y]))
    assert (one != other).mean() <= 0.05  # rounding


@pytest.mark.parametrize("name", ("fgsm", *NAMES))
def test_seeds_decide_and_nothing_else_is_touched(name, samples, digits_mlp, narrow_mlp):
    random.seed(1)
    tf.random.set_seed(3)
    environment = dict(os.environ)
    before = random.getstate(), str(np.random.get_state())  # noqa: NPY002 - the global one
    drawn = tf.random.uniform((2,)).numpy()
    options = {"epsilons": EPSILONS, "attack": name, "attack_samples": 20, **quick(name)}
    found = evaluate(digits_mlp, narrow_mlp, samples, **options)
    after = random.getstate(), str(np.random.get_state())  # noqa: NPY002
    drawn_next = tf.random.uniform((2,)).numpy()
    tf.random.set_seed(3)
    np.testing.assert_array_equal(tf.random.uniform((2,)), drawn)
    np.testing.assert_array_equal(tf.random.uniform((2,)), drawn_next)
    assert after == before
    assert dict(os.environ) == environment
    assert evaluate(digits_mlp, narrow_mlp, samples, **options) == found


def test_another_seed_starts_elsewhere(digits, digits_mlp):
    x, y = (part[:40] for part in digits)
    first, second, third = (
        survivors(made("pgd", digits_mlp), target(digits_mlp, [x], [y], seed))[1][0][0].numpy()
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != third).any()


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_as_robust_as_itself(name, samples, digits_mlp):
    found = evaluate(
        digits_mlp,
        digits_mlp,
        samples,
        epsilons=EPSILONS,
        attack=name,
        attack_samples=20,
        **quick(name),
    )
    assert found["robustness_retention"].found == found["robustness_overlap"].found == 1
    for epsilon in EPSILONS:
        robust = found[f"robust_accuracy@{epsilon:g}"]
        assert robust.before == robust.after == found[f"transfer_accuracy@{epsilon:g}"].found


def test_only_the_first_samples_are_looked_at_over_all_batches(digits, digits_mlp, narrow_mlp):
    x, y = digits
    batches = [(x[start : start + 30], y[start : start + 30]) for start in (0, 30, 60, 90)]
    options = {"epsilons": EPSILONS, "attack": "fgsm"}
    limited = evaluate(digits_mlp, narrow_mlp, iter(batches), attack_samples=45, **options)
    first = evaluate(digits_mlp, narrow_mlp, (x[:45], y[:45]), **options)
    for key in ("robust_accuracy@0.1", "transfer_accuracy@0.03", "robustness_overlap"):
        assert (limited[key].before, limited[key].found) == (first[key].before, first[key].found)
    assert limited["robust_accuracy@0.1"].detail == (
        "fgsm, epsilon 0.1; the first 45 of 120 samples"
    )
    whole = evaluate(digits_mlp, narrow_mlp, (x[:120], y[:120]), **options)
    assert limited["accuracy"] == whole["accuracy"]


def test_details_say_what_was_tried(samples, digits_mlp, narrow_mlp):
    for options, said in (
        ({"attack": "pgd"}, "pgd, 20 steps, epsilon 0.1"),
        ({"attack": "pgd", "attack_restarts": 3}, "pgd, 20 steps, 3 starts, epsilon 0.1"),
        ({"attack": "fmn", "attack_steps": 9}, "fmn, 9 steps, epsilon 0.1; median distance 0."),
    ):
        found = evaluate(digits_mlp, narrow_mlp, samples, epsilons=(0.1,), **options)
        assert found["robust_accuracy@0.1"].detail.startswith(said)
        assert found["robustness_retention"].detail.startswith(said)


def test_transfer_is_what_the_other_model_makes_of_the_examples(digits, digits_mlp, narrow_mlp):
    x, y = (part[:200] for part in digits)
    found = evaluate(digits_mlp, narrow_mlp, (x, y), epsilons=EPSILONS)
    robust, examples, _ = survivors(made("fgsm", digits_mlp), target(digits_mlp, [x], [y]))
    for epsilon, row, (example,) in zip(EPSILONS, robust, examples, strict=True):
        measured = found[f"transfer_accuracy@{epsilon:g}"]
        classes = narrow_mlp.predict(example.numpy(), verbose=0).argmax(axis=1)
        assert measured.before == row.mean()
        assert measured.after == measured.found == (classes == y).mean()
        assert measured.found > found[f"robust_accuracy@{epsilon:g}"].after
        assert measured.detail == f"fgsm, epsilon {epsilon:g}; examples made on the original model"


def test_what_is_in_the_way_of_an_attack_is_said():
    port = Port(("sound",), (2,), "float32")
    labels = {0: Truth(np.zeros(1, int))}
    batch = Batch((np.zeros((1, 2), "float32"),), labels)
    scope = {"epsilons": (0.1,), "inputs": (port,)}
    unbounded = attack_of("pgd", ranges=((0.0, float("inf")),), **scope)
    assert unbounded.refusal(batch) == "input 'sound' has no finite range: set input_range"
    assert attack_of("pgd", ranges=((0.0, 1.0),), **scope).refusal(batch) is None
    outside = attack_of("pgd", ranges=((1.0, 2.0),), **scope)
    assert "outside its range 1 to 2" in outside.refusal(batch)
    with pytest.raises(EvaluationError, match="'pdg' is no attack, known are fgsm, pgd, fmn"):
        attack_of("pdg", ranges=(None,), **scope)


def test_an_attack_without_its_library_says_how_to_get_it(monkeypatch, samples, digits_mlp):
    monkeypatch.setattr(optional_packages, "find_spec", lambda _: None)
    line = r'attack "pgd" needs foolbox: pip install "pytest-paoding\[robust\]"'
    with pytest.raises(EvaluationError, match=line):
        evaluate(digits_mlp, digits_mlp, samples, epsilons=(0.1,), attack="pgd")
    assert evaluate(digits_mlp, digits_mlp, samples, epsilons=(0.1,))["accuracy"].found > 0.9


def test_a_start_that_nobody_finds_leaves_a_sample_robust():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model.set_weights([np.zeros((3, 2)), np.array([1.0, 0.0])])
    at = target(model, [np.full((4, 3), 0.5, "float32")], [[0, 0, 0, 1]])
    robust, _, attempt = survivors(made("hopskipjump", model), at)
    assert robust.tolist() == [[True, True, True, False]] * 2
    assert attempt.distances.tolist() == [np.inf, np.inf, np.inf, 0]


def test_many_values_are_dealt_with_in_parts(monkeypatch, samples, digits_mlp):
    x, y = (part[:10] for part in samples)
    whole, _, _ = survivors(made("hopskipjump", digits_mlp), target(digits_mlp, [x], [y]))
    monkeypatch.setattr(hop_skip_jump, "_VALUES", 64 * 40)
    parts, _, _ = survivors(made("hopskipjump", digits_mlp), target(digits_mlp, [x], [y]))
    assert abs(int(whole.sum()) - int(parts.sum())) <= 6
    assert parts.sum() < 20


def test_a_model_that_contradicts_itself_is_no_crash(monkeypatch, samples, digits_mlp):
    x, y = (part[:4] for part in samples)
    generator = np.random.default_rng(0)
    monkeypatch.setattr(Target, "right", lambda self, _: generator.random(self.size) < 0.5)
    attack, at = made("hopskipjump", digits_mlp), target(digits_mlp, [x], [y])
    with pytest.raises(EvaluationError, match="hopskipjump cannot keep to the boundary"):
        attack.attempt(at)


def test_the_default_attack_imports_no_library(samples, digits_mlp, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] in {"foolbox", "eagerpy"}]:
        monkeypatch.delitem(sys.modules, name)
    evaluate(digits_mlp, digits_mlp, samples, epsilons=(0.1,))
    assert "foolbox" not in sys.modules


def test_the_strong_one_is_all_of_them_the_cheapest_first(digits_mlp):
    attack = made("strong", digits_mlp, restarts=2)
    assert [type(search).__name__ for search in attack.searches] == [
        "ProjectedGradient",
        "FastMinimumNorm",
        "HopSkipJump",
    ]
    assert attack.recipe == "strong, 50 steps, 2 starts"
    assert attack.samples == 100


@pytest.mark.parametrize("before", (None, "warn"))
def test_importing_the_library_leaves_the_environment_as_it_was(monkeypatch, before):
    monkeypatch.delenv("GIT_PYTHON_REFRESH", raising=False)
    if before:
        monkeypatch.setenv("GIT_PYTHON_REFRESH", before)
    assert library._imported().__name__ == "foolbox"
    assert os.environ.get("GIT_PYTHON_REFRESH") == before


def test_the_lead_is_the_least_over_the_outputs_at_which_a_sample_counts() -> None:
    one = tf.constant([[3.0, 1.0, 0.0]] * 4)
    other = tf.constant([[0.0, 5.0]] * 4)
    truths = (tf.constant([0, -1, 0, -1]), tf.constant([1, 1, -1, -1]))
    assert lead([one, other], truths).numpy().tolist()[:3] == [2.0, 5.0, 2.0]
    assert float(lead([one, other], truths)[3]) > 1e6
