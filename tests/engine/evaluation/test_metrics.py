"""The arithmetic of the metrics, on answers made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.evaluation.accuracy import accuracy_metrics, degenerate
from pytest_paoding.engine.evaluation.robustness import robustness_metrics
from support.judged import answers
from support.judged import observed as seen


def test_accuracy_is_compared_in_points_and_as_a_ratio():
    found = accuracy_metrics(
        seen(answers([0, 1, 2, 2]), answers([0, 1, 0, 1]), [0, 1, 2, 0], notes=("a note",))
    )
    accuracy = found["accuracy"]
    assert (accuracy.before, accuracy.after, accuracy.found) == (0.75, 0.5, 0.5)
    assert accuracy.detail == "4 samples; a note"
    assert found["accuracy_decay"].found == 0.25
    assert found["accuracy_retention"].found == pytest.approx(2 / 3)
    assert found["agreement"].found == 0.5
    assert found["agreement"].before is None


def test_an_accuracy_of_zero_has_no_ratio():
    found = accuracy_metrics(seen(answers([1, 0]), answers([0, 1]), [0, 1]))
    assert found["accuracy_decay"].found == -1
    assert found["accuracy_retention"].found is None
    assert "accuracy before pruning is 0" in found["accuracy_retention"].reason


def test_without_labels_only_agreement_is_known():
    found = accuracy_metrics(seen(answers([1, 0]), answers([1, 1])))
    assert found["agreement"].found == 0.5
    for name in ("accuracy", "accuracy_decay", "accuracy_retention"):
        assert found[name].found is None
        assert found[name].reason == "the data has no labels"


def test_a_sample_is_right_where_all_outputs_are():
    before = answers([[0, 0, 1, 1], [0, 1, 0, 1]])
    after = answers([[0, 0, 0, 1], [0, 1, 0, 0]])
    found = accuracy_metrics(seen(before, after, [[0, 0, 1, 1], [0, 1, 0, 0]]))
    assert found["accuracy"].before == 0.75
    assert found["accuracy"].after == 0.75
    assert found["agreement"].found == 0.5


@pytest.mark.parametrize(
    ("predicted", "labels", "is_degenerate"),
    (
        ([3] * 100, [3] * 60 + [1] * 40, True),
        ([3] * 99 + [1], [3] * 60 + [1] * 40, True),
        ([3] * 98 + [1] * 2, [3] * 60 + [1] * 40, False),
        ([3] * 100, [3] * 100, False),
        ([3] * 100, [1] * 99 + [3], True),
        ([3] * 100, [3] * 99 + [1], False),
        ([3] * 100, [3] * 98 + [1] * 2, True),
    ),
)
def test_one_class_for_all_is_no_answer_unless_the_labels_are_like_that(
    predicted, labels, is_degenerate
):
    observed = seen(answers(labels), answers(predicted), labels)
    reason = degenerate(observed)
    assert bool(reason) is is_degenerate
    found = accuracy_metrics(observed)
    for name in ("accuracy_decay", "accuracy_retention"):
        assert (found[name].found is None) is is_degenerate
        assert found[name].reason == reason
    assert found["accuracy"].found is not None
    if reason:
        assert reason.startswith("the pruned model is degenerate: class 3 for ")


def test_any_output_can_be_degenerate():
    labels = [[0, 1] * 50, [1, 0] * 50]
    observed = seen(answers(labels), answers([[0, 1] * 50, [1] * 100]), labels)
    assert degenerate(observed) == "the pruned model is degenerate: class 1 for 100.0% of samples"
    assert degenerate(seen(answers(labels), answers(labels))) is None


def attacked(before, after, **options):
    """Return what is seen where rows of robustness are given and all is answered right."""
    labels = np.arange(len(before[0])) % 3
    first, second = (answers(labels, each, flat) for each, flat in ((before, 0), (after, 0)))
    return seen(first, second, labels, epsilons=(0.01, 0.5)[: len(before)], **options)


def test_the_worst_epsilon_counts():
    observed = attacked([[1, 1, 1, 1], [1, 1, 0, 0]], [[1, 1, 1, 0], [0, 1, 1, 1]])
    found = robustness_metrics(observed)
    weak, strong = found["robust_accuracy@0.01"], found["robust_accuracy@0.5"]
    assert (weak.before, weak.after, weak.found, weak.detail) == (
        1,
        0.75,
        0.75,
        "fgsm, epsilon 0.01",
    )
    assert (strong.before, strong.after) == (0.5, 0.75)
    retention = found["robustness_retention"]
    assert (retention.before, retention.after, retention.found) == (1, 0.75, 0.75)
    assert retention.detail == "fgsm, epsilon 0.01"
    overlap = found["robustness_overlap"]
    assert (overlap.before, overlap.after, overlap.found) == (None, None, 0.5)
    assert overlap.detail == "fgsm, epsilon 0.5"


def test_a_retention_may_exceed_one():
    found = robustness_metrics(attacked([[1, 0, 0, 0]], [[1, 1, 1, 0]]))
    assert found["robustness_retention"].found == 3
    assert found["robustness_overlap"].found == 1


def test_a_ratio_to_nothing_is_undefined():
    found = robustness_metrics(attacked([[1, 1], [0, 0]], [[1, 1], [1, 0]]))
    assert found["robust_accuracy@0.5"].found == 0.5
    for name in ("robustness_retention", "robustness_overlap"):
        assert found[name].found is None
        assert "no sample is robust before pruning at fgsm, epsilon 0.5" in found[name].reason


def test_a_degenerate_model_has_no_retention_but_an_overlap():
    labels = np.array([0, 1] * 50)
    robust = [labels == 0]
    observed = seen(answers(labels, robust), answers([0] * 100, robust), labels, epsilons=(0.1,))
    found = robustness_metrics(observed)
    assert found["robustness_retention"].found is None
    assert "degenerate" in found["robustness_retention"].reason
    assert found["robustness_retention"].after == 0.5
    assert found["robustness_overlap"].found == 1


def test_without_an_attack_the_reason_is_given():
    found = robustness_metrics(attacked([[1], [1]], [[1], [1]], unattacked="it rained"))
    assert set(found) == {
        "robust_accuracy@0.01",
        "robust_accuracy@0.5",
        "robustness_retention",
        "robustness_overlap",
        "transfer_accuracy@0.01",
        "transfer_accuracy@0.5",
    }
    assert {each.reason for each in found.values()} == {"it rained"}
    found = robustness_metrics(seen(answers([1]), answers([1]), [1]))
    assert {each.reason for each in found.values()} == {"no attack was asked for"}


def test_samples_without_a_gradient_are_told():
    labels = [0, 1, 2, 0]
    everywhere = answers(labels, [[1] * 4], flat=4)
    somewhere = answers(labels, [[1] * 4], flat=1)
    found = robustness_metrics(seen(somewhere, somewhere, labels, epsilons=(0.1,)))
    assert found["robust_accuracy@0.1"].detail == (
        "fgsm, epsilon 0.1; no gradient at 1 of 4 samples of the original model; "
        "no gradient at 1 of 4 samples of the pruned model"
    )
    found = robustness_metrics(seen(somewhere, everywhere, labels, epsilons=(0.1,)))
    assert found["robust_accuracy@0.1"].found is None
    assert found["robust_accuracy@0.1"].reason == (
        "the gradient of the pruned model is zero for every sample: nothing was tried"
    )


@given(st.data())
def test_metrics_are_shares_of_what_was_seen(data):
    total = data.draw(st.integers(2, 30))
    draw = [
        np.array(data.draw(st.lists(st.integers(0, 2), min_size=total, max_size=total)))
        for _ in range(3)
    ]
    labels, before, after = draw
    robust = [[(each == labels) & (labels > 0)] for each in (before, after)]
    observed = seen(answers(before, robust[0]), answers(after, robust[1]), labels, epsilons=(1,))
    found = {**accuracy_metrics(observed), **robustness_metrics(observed)}
    accuracy = found["accuracy"]
    assert accuracy.before == (before == labels).mean()
    assert accuracy.after == (after == labels).mean()
    assert found["agreement"].found == (before == after).mean()
    decay = found["accuracy_decay"]
    assert decay.reason or decay.found == pytest.approx(accuracy.before - accuracy.after)
    assert found["robust_accuracy@1"].before <= accuracy.before
    overlap, retention = found["robustness_overlap"], found["robustness_retention"]
    assert overlap.reason or 0 <= overlap.found <= 1
    assert retention.reason or overlap.found <= retention.found
    for each in found.values():
        assert (each.found is None) == (each.reason is not None)
        assert each.found is None or type(each.found) in (int, float)


def test_a_file_is_called_a_file_but_has_no_gradient_of_its_own():
    labels = [0, 1, 2, 3]
    same = answers([0, 0, 0, 0], [[False] * 4], flat=4)
    observed = seen(answers(labels, [[True] * 4]), same, labels, epsilons=(0.1,))
    of_file = observed.of_file(same, "tflite")
    assert degenerate(of_file) == "the tflite file is degenerate: class 0 for 100.0% of samples"
    reason = robustness_metrics(of_file)["robustness_retention"].reason
    assert reason.startswith("the gradient of the pruned model is zero")
