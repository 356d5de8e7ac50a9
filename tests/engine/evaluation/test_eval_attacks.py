"""Attacks that search, on models that are really trained."""

from __future__ import annotations

import os
import random
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.evaluation.attacks import hop_skip_jump, library
from pytest_paoding.engine.evaluation.attacks.attack import Target
from pytest_paoding.engine.evaluation.attacks.choose import attack_of
from pytest_paoding.engine.evaluation.data.judging_data import Batch
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.evaluation.predict import Predictor, top_classes
from pytest_paoding.engine.execution.signature import Port, signature_of
from pytest_paoding.errors import EvaluationError
from pytest_paoding.records import optional_packages

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


@pytest.fixture(params=("digits_mlp", "digits_cnn", "tumour_mlp"))
def victim(request, digits, tumours):
    """A trained model and samples of its data."""
    x, y = tumours if request.param == "tumour_mlp" else digits
    return request.getfixturevalue(request.param), x[:40], y[:40]


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_lowers_accuracy_and_stays_near_and_legal(name, victim):
    model, x, y = victim
    attack = made(name, model)
    at = target(model, [x], [y])
    robust, examples, attempt = survivors(attack, at)
    assert robust[0].sum() < (top_classes(attempt.logits)[0] == y).sum()
    assert not (robust[0] & ~robust[1]).any()  # robust at .1 is robust at .03
    for epsilon, (example,) in zip(EPSILONS, examples, strict=True):
        found = example.numpy()
        assert found.dtype == x.dtype
        assert np.abs(found - x).max() <= epsilon * (1 + 1e-6)
        assert found.min() >= 0
        assert found.max() <= 1


@pytest.mark.parametrize("name", ("pgd", "fmn", STRONG))
def test_what_fgsm_fools_is_fooled_by_everything_that_begins_with_it(name, victim):
    model, x, y = victim
    weak, _, _ = survivors(made("fgsm", model), target(model, [x], [y]))
    strong, _, _ = survivors(made(name, model), target(model, [x], [y]))
    assert not (strong & ~weak).any()


nets = st.builds(dict, seed=st.integers(0, 50), steps=st.integers(1, 4), epsilon=st.floats(0.01, 1))


@settings(max_examples=15, deadline=None)
@given(nets)
def test_pgd_is_at_no_sample_weaker_than_fgsm(how):
    generator = np.random.default_rng(how["seed"])
    model = keras.Sequential([keras.Input((5,)), layers.Dense(8, "relu"), layers.Dense(3)])
    model.set_weights([generator.normal(0, 2, each.shape) for each in model.get_weights()])
    at = target(model, [generator.random((30, 5), np.float32)], [generator.integers(0, 3, 30)])
    epsilons = (how["epsilon"], how["epsilon"] / 2)
    weak, _, _ = survivors(made("fgsm", model, epsilons=epsilons), at)
    strong, _, _ = survivors(made("pgd", model, epsilons=epsilons, steps=how["steps"]), at)
    assert not (strong & ~weak).any()


def test_few_steps_come_as_far_as_many(digits, digits_mlp):
    x, y = (part[:200] for part in digits)
    counts = [
        survivors(made("pgd", digits_mlp, steps=steps), target(digits_mlp, [x], [y]))[0].sum()
        for steps in (5, 20)
    ]
    assert counts[1] <= counts[0] <= counts[1] + 8


def test_pgd_finds_what_the_one_of_foolbox_finds(digits, digits_mlp):
    foolbox = library.foolbox
    x, y = (part[:200] for part in digits)
    *hidden, last = digits_mlp.layers
    head = layers.Dense(10)
    logits = keras.Sequential([keras.Input((8, 8, 1)), *hidden, head])
    head.set_weights(last.get_weights())
    model = foolbox.TensorFlowModel(logits, bounds=(0, 1), device="/CPU:0")
    attack = foolbox.attacks.LinfPGD(steps=20, rel_stepsize=0.125)
    _, _, fooled = attack(model, tf.constant(x), tf.constant(y), epsilons=list(EPSILONS))
    robust, _, _ = survivors(made("pgd", digits_mlp, steps=20), target(digits_mlp, [x], [y]))
    assert (robust & fooled.numpy()).sum() <= 2  # random starts differ
    assert (~robust & ~fooled.numpy()).sum() <= 6


def test_random_starts_help_and_go_on_with_those_that_stand(digits, digits_mlp):
    x, y = (part[:300] for part in digits)
    one, many = (
        survivors(made("pgd", digits_mlp, steps=3, restarts=n), target(digits_mlp, [x], [y]))[0]
        for n in (1, 6)
    )
    assert many.sum() < one.sum()


@pytest.mark.parametrize("name", ("fmn", "hopskipjump"))
def test_distances_are_those_at_which_the_model_is_fooled(name, victim):
    model, x, y = victim
    epsilons = (0.02, 0.08, 0.3)
    at = target(model, [x], [y])
    robust, _, attempt = survivors(made(name, model, epsilons=epsilons), at)
    distances = attempt.distances
    right = top_classes(attempt.logits)[0] == y
    assert (distances[~right] == 0).all()
    assert (distances[right] > 0).all()
    for epsilon, row in zip(epsilons, robust, strict=True):
        assert not (row & (distances < epsilon * (1 - 1e-5))).any()
        assert (row | (distances <= epsilon * (1 + 1e-5))).all()


def test_one_run_of_fmn_gives_about_the_curve_of_many_of_pgd(digits, digits_mlp):
    x, y = (part[:150] for part in digits)
    epsilons = (0.02, 0.05, 0.1, 0.2)
    at = target(digits_mlp, [x], [y])
    curve, _, _ = survivors(made("fmn", digits_mlp, epsilons=epsilons, steps=100), at)
    points, _, _ = survivors(made("pgd", digits_mlp, epsilons=epsilons, steps=40), at)
    np.testing.assert_allclose(curve.mean(axis=1), points.mean(axis=1), atol=0.03)


def staircase():
    """Return a classifier whose gradient is zero everywhere: it rounds its inputs."""
    x = keras.Input((6,))
    model = keras.Model(x, layers.Dense(3)(keras.ops.round(100 * x) / 100))
    generator = np.random.default_rng(1)
    model.set_weights([generator.normal(0, 1, each.shape) for each in model.get_weights()])
    x = generator.random((40, 6)).astype("float32")
    return model, x, model.predict(x, verbose=0).argmax(axis=1)


def test_a_model_that_hides_its_gradient_cannot_be_judged_by_it():
    model, x, y = staircase()
    found = evaluate(model, model, (x, y), epsilons=(0.2,), attack="pgd")["robust_accuracy@0.2"]
    assert "the gradient of the original model is zero" in found.reason


@pytest.mark.parametrize("name", ("hopskipjump", STRONG))
def test_a_model_that_hides_its_gradient_is_caught_by_its_answers(name):
    model, x, y = staircase()
    data = x[:20], y[:20]
    found = evaluate(model, model, data, epsilons=(0.2,), attack=name)["robust_accuracy@0.2"]
    assert found.reason is None
    assert found.before < 0.6


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
    labels = {0: np.zeros(1, int)}
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
    monkeypatch.setattr(
        Target, "right", lambda self, _: generator.random(self.labels.shape[1]) < 0.5
    )
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
