"""The worst class: what recall it loses, how sure that is, and what is said of small classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from sklearn.metrics import recall_score

from pytest_paoding.engine.evaluation.breakdown import class_decay
from pytest_paoding.engine.evaluation.breakdown.class_decay import class_groups, class_metric
from pytest_paoding.engine.evaluation.breakdown.worst_group import counted_groups
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.evaluation.resampling.simultaneous import difference_bounds
from pytest_paoding.records.evidence import LEVELS, Contrast, Evidence
from support.judged import answers, observed

if TYPE_CHECKING:
    from pytest_paoding.records.measurement import Measurement

NAME = "class_accuracy_decay"


def drawn(seed: int, samples: int = 400) -> tuple[Any, Any, Any]:
    """Return labels, and what two models answer, of ten classes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(samples) % 10
    wrong = (labels + rng.integers(1, 10, (2, samples))) % 10
    before = np.where(rng.random(samples) < 0.9, labels, wrong[0])
    return labels, before, np.where(rng.random(samples) < 0.9, before, wrong[1])


def measured(labels: Any, before: Any, after: Any) -> Measurement:
    return worst_of(observed(answers(before), answers(after), labels))


def worst_of(seen: Any) -> Measurement:
    return class_metric(seen, class_groups(seen))[NAME]


def test_it_is_the_greatest_decay_of_recall() -> None:
    labels, before, after = drawn(0)
    found = measured(labels, before, after)
    recalls = [recall_score(labels, each, average=None) for each in (before, after)]
    worst = int((recalls[0] - recalls[1]).argmax())
    assert (found.before, found.after) == (recalls[0][worst], recalls[1][worst])
    assert found.found == pytest.approx(recalls[0][worst] - recalls[1][worst])
    assert found.detail == (
        f"worst of 10 classes is class {worst}, 40 samples, "
        f"{recalls[0][worst]:.4f} to {recalls[1][worst]:.4f}"
    )


@pytest.mark.parametrize("sure", (0.8, 0.95, 0.99))
def test_the_interval_is_that_of_the_worst_of_intervals_that_hold_at_once(sure: float) -> None:
    labels, before, after = drawn(1)
    found = measured(labels, before, after)
    ends = []
    for number in range(10):
        one, other = ((each == labels)[labels == number] for each in (before, after))
        cells = (one & other, one & ~other, ~one & other, ~one & ~other)
        table = Evidence(Contrast.DIFFERENCE, *(int(cell.sum()) for cell in cells))
        ends.append(table.interval(1 - (1 - sure) / 10))
    low, high = np.max(ends, axis=0)
    assert found.interval(sure) == pytest.approx((low, high), abs=2e-3)
    assert found.evidence is not None
    assert found.evidence.samples == 40


cells = st.integers(0, 60)


@settings(max_examples=50)
@given(st.tuples(cells, cells, cells, cells), st.sampled_from((1, 3, 10, 1000)))
def test_bounds_of_many_tables_are_those_of_each(counts: Any, among: int) -> None:
    counts = (counts[0] + 1, *counts[1:])
    _, lost, gained, _ = (np.array([float(each)]) for each in counts)
    (bounds,) = difference_bounds(lost, gained, np.array([float(sum(counts))]), among)
    table = Evidence(Contrast.DIFFERENCE, *counts)
    for level, bound in zip(LEVELS, bounds, strict=True):
        if level != 0.5:
            tail = min(level, 1 - level) / among
            assert bound == pytest.approx(table.interval(1 - 2 * tail)[level > 0.5], abs=1e-6)


def test_a_small_class_widens_the_bound_and_is_named() -> None:
    rows = drawn(0)
    labels = rows[0]
    kept = (labels != 3) | (np.arange(len(labels)) < 20)  # two samples of class 3 are left
    many, few = measured(*rows), measured(*(each[kept] for each in rows))
    assert many.found == few.found
    assert few.detail is not None
    assert few.detail.endswith("; fewest: class 3, 2 samples")
    ends = [each.interval() or (0, 0) for each in (many, few)]
    assert ends[1][1] > ends[0][1] + 0.3


def test_a_class_without_samples_is_said_and_leaves_no_bound() -> None:
    labels, before, after = drawn(3)
    kept = (labels != 4) & (labels != 7)
    found = measured(*(each[kept] for each in (labels, before, after)))
    assert found.found is not None
    assert found.detail is not None
    assert found.detail.endswith("; no samples of class 4, class 7")
    assert found.interval() is None
    assert found.doubt(0.9) == (
        "no interval is known, nothing bounds the decay of what has no samples: class 4, class 7: "
        "set its budget without confidence"
    )


def test_classes_without_samples_are_counted_where_they_are_many() -> None:
    found = measured([0, 0], [0, 0], [0, 1])
    assert found.detail is not None
    assert found.detail.endswith("no samples of class 1, class 2, class 3, 6 more")


def test_an_average_that_stays_hides_nothing() -> None:
    labels = np.repeat(np.arange(10), 10)
    before, after = labels.copy(), labels.copy()
    before[:5], after[95:] = 9, 0  # what class 9 loses class 0 gains
    found = measured(labels, before, after)
    assert (found.before, found.after, found.found) == (1.0, 0.5, 0.5)


def test_of_several_outputs_the_worst_class_of_all_counts() -> None:
    labels, before, after = drawn(4)
    seen = observed(answers([labels, before]), answers([labels, after]), [labels, labels])
    found = worst_of(seen)
    alone = measured(labels, before, after)
    assert found.found == alone.found
    assert found.detail is not None
    assert found.detail.startswith("worst of 20 classes is class ")
    assert "of output 'digit'" in found.detail
    wide, narrow = found.interval(), alone.interval()
    assert wide is not None
    assert narrow is not None
    assert wide[1] > narrow[1]


def test_what_has_no_labels_or_no_classes_says_so() -> None:
    assert worst_of(observed(answers([1]), answers([1]))).reason == "the data has no labels"
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, name="amount")])
    model.compile(loss="mse")
    x = np.random.default_rng(0).random((30, 3)).astype("float32")
    found = evaluate(model, model, (x, x.sum(axis=1)))[NAME]
    assert found.reason == (
        "output 'amount' is judged as regression (loss mse), which has no classes: set a budget on "
        "a score, such as max_score_decay, or max_slice_decay"
    )


def segmenter(seed: int) -> Any:
    keras.utils.set_random_seed(seed)
    given = keras.Input((4, 4, 2))
    model = keras.Model(given, layers.Conv2D(3, 1, activation="softmax")(given))
    model.compile(loss="sparse_categorical_crossentropy")
    return model


def test_of_positions_it_is_the_recall_over_positions_that_count() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 4, 4, 2)).astype("float32")
    y = (x[..., 0] > 0).astype(int) + (x[..., 1] > 1)
    weights = (rng.random(y.shape) < 0.7).astype(float)
    pair = segmenter(1), segmenter(2)
    found = evaluate(*pair, (x, y, weights))[NAME]
    flat = [each.predict(x, verbose=0).argmax(axis=-1).ravel() for each in pair]
    recalls = [
        recall_score(y.ravel(), each, average=None, sample_weight=weights.ravel(), labels=range(3))
        for each in flat
    ]
    decays = recalls[0] - recalls[1]
    assert found.found == pytest.approx(decays.max())
    assert (found.before, found.after) == pytest.approx(
        tuple(each[decays.argmax()] for each in recalls)
    )
    low, high = found.interval() or (0, 0)
    assert low < decays.max() < high


def test_of_very_many_classes_of_positions_none_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(class_decay, "_MOST_CURVES", 2)
    x = np.random.default_rng(0).normal(size=(50, 4, 4, 2)).astype("float32")
    y = (x[..., 0] > 0).astype(int) + (x[..., 1] > 1)
    found = evaluate(segmenter(1), segmenter(2), (x, y))[NAME]
    assert found.found is not None
    assert found.interval() is None
    assert found.evidence is not None
    assert found.evidence.reason == "bounds are for 2 classes of positions at most"


def test_of_labels_it_is_the_recall_of_samples_that_have_the_label() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 5)).astype("float32")
    y = (x[:, :3] > 0.3).astype(int)
    pair = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.Input((5,)), layers.Dense(3, "sigmoid")])
        model.compile(loss="binary_crossentropy")
        pair.append(model)
    found = evaluate(*pair, (x, y))[NAME]
    given = [each.predict(x, verbose=0) > 0.5 for each in pair]
    recalls = [recall_score(y, each, average=None) for each in given]
    decays = recalls[0] - recalls[1]
    assert found.found == pytest.approx(decays.max())
    assert found.detail is not None
    assert found.detail.startswith(f"worst of 3 classes is label {decays.argmax()}, ")


@pytest.mark.parametrize("fall", (0.0, 0.15))
def test_the_true_worst_class_is_covered_at_least_as_often_as_said(fall: float) -> None:
    """Ten classes of 30 samples: one decays by `fall`, or none does, which is where picking
    the worst one found would mislead most."""
    rng, times, sure = np.random.default_rng(0), 400, 0.9
    names = [str(number) for number in range(10)]
    lost = np.full(10, 0.05)
    lost[0] += fall
    covered = held = 0
    for _ in range(times):
        draws = [rng.multinomial(30, (1 - p - 0.05, p, 0.05)) for p in lost]
        both, less, more = np.array(draws, float).T
        groups = counted_groups("class", names, np.stack([both, less, more, np.full(10, 30.0)]))
        low, high = groups.worst().interval(sure) or (1, -1)
        covered += low <= fall <= high
        places = [LEVELS.index(0.05), LEVELS.index(0.95)]
        ends = groups.bounds[:, places]
        held += bool(((ends[:, 0] <= lost - 0.05) & (lost - 0.05 <= ends[:, 1])).all())
    least = sure - 3.5 * math.sqrt(sure * (1 - sure) / times)
    assert covered / times > least
    assert held / times > least  # all classes at once
