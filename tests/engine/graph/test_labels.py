"""Labels: issuing, joining, pinning, and the classes they resolve to."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.graph.labels import Labels


def test_fresh_labels_are_free_classes_of_their_own() -> None:
    labels = Labels()
    first, second = labels.issue(3), labels.issue(2)
    classes = labels.resolve()
    assert classes.count == 5
    assert classes.of[np.concatenate([first, second])].tolist() == [0, 1, 2, 3, 4]
    assert classes.free.all()


def test_joined_arrays_are_broadcast_to_one_shape() -> None:
    labels = Labels()
    row, grid = labels.issue(3), labels.issue(6).reshape(2, 3)
    labels.join(row, grid)
    classes = labels.resolve()
    assert classes.of[grid].tolist() == [[0, 1, 2], [0, 1, 2]]
    assert classes.count == 3


def test_a_pin_holds_for_all_that_is_joined_before_or_after() -> None:
    labels = Labels()
    early, pinned, late, free = (labels.issue(1) for _ in range(4))
    labels.join(early, pinned)
    labels.pin(pinned, "it is the output")
    labels.join(pinned, late)
    classes = labels.resolve()
    assert [classes.reasons[classes.of[each[0]]] for each in (early, pinned, late, free)] == [
        "it is the output",
        "it is the output",
        "it is the output",
        None,
    ]


def test_an_empty_set_of_labels_resolves() -> None:
    classes = Labels().resolve()
    assert (classes.count, classes.of.size, classes.free.size) == (0, 0, 0)


@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39))))
def test_classes_are_the_connected_components(count: int, pairs: list[tuple[int, int]]) -> None:
    pairs = [(one % count, two % count) for one, two in pairs]
    labels = Labels()
    issued = labels.issue(count)
    for one, two in pairs:
        labels.join(issued[[one]], issued[[two]])
    assert labels.resolve().of.tolist() == _components(count, pairs)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))), st.randoms())
def test_the_order_of_joining_does_not_matter(pairs: list[tuple[int, int]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # what hypothesis hands in
    assert _resolved(pairs) == _resolved(shuffled)


def test_a_resolution_in_between_changes_nothing() -> None:
    labels = Labels()
    issued = labels.issue(4)
    labels.join(issued[:2], issued[1:3])
    assert labels.resolve().of.tolist() == [0, 0, 0, 1]
    labels.join(issued[3], issued[0])
    more = labels.issue(1)
    assert labels.resolve().of[np.append(issued, more)].tolist() == [0, 0, 0, 0, 1]


def _resolved(pairs: list[tuple[int, int]]) -> list[int]:
    labels = Labels()
    issued = labels.issue(10)
    for one, two in pairs:
        labels.join(issued[one], issued[two])
    return [int(number) for number in labels.resolve().of]


def _components(count: int, pairs: list[tuple[int, int]]) -> list[int]:
    """Number the connected components by relabelling until nothing changes."""
    component = list(range(count))
    for _ in range(count):
        for one, two in pairs:
            component[one] = component[two] = min(component[one], component[two])
    numbers = {each: number for number, each in enumerate(sorted(set(component)))}
    return [numbers[each] for each in component]
