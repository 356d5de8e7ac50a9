"""Oracles of surgery: the outputs a cut model must have, found without cutting anything.

Two references, both made of the *original* model and exact for everything that acts per unit:

- zero oracle: a removed unit contributes nothing, so its readers' contracted rows are set to zero;
- merge oracle: a unit that is overwritten with another of its group computes the same, so adding
  its outgoing weights to the other's and cutting it changes nothing.

Neither looks at shapes: that a cut model runs proves nothing. Both measure how far the cut moved
the outputs, so that a test can refuse to compare a model with itself.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Structure, WeightAxis

EXACT = 1e-10


@dataclass(frozen=True)
class Verdict:
    """A cut model compared with the oracle, and with the original."""

    error: float
    change: float
    removed: int
    model: Any

    @property
    def exact(self) -> bool:
        """Whether something was removed, it mattered, and the cut model agrees with the oracle."""
        return self.removed > 0 and self.change > 1e-6 and self.error <= EXACT


def randomise(model: Any, seed: int = 0) -> Any:
    """Give every weight of a model, statistics included, a random value of a sensible size."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        if not variable.dtype.startswith(("float", "bfloat")):
            continue
        values = rng.standard_normal(variable.shape)
        if "variance" in variable.path:
            values = np.abs(values) + 0.5
        elif len(variable.shape) > 1:
            inputs = variable.shape[: -2 if "depthwise" in variable.path else -1]
            values *= 1.4 / np.sqrt(np.prod(inputs))
        elif "gamma" in variable.path:
            values = 1 + 0.3 * values
        variable.assign(values)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # it computes with copies of its statistics
    return model


def batch(model: Any, seed: int = 0, size: int = 3, *, vocabulary: int = 5) -> list[Any]:
    """Return random inputs for a model, flattened; integer inputs are below `vocabulary`."""
    rng = np.random.default_rng(seed)
    arrays = []
    for tensor in model.inputs:
        shape = (size, *(length or 6 for length in tensor.shape[1:]))
        if str(tensor.dtype).startswith("int"):
            arrays.append(rng.integers(0, vocabulary, shape))
        else:
            arrays.append(rng.standard_normal(shape))
    return arrays


def outputs(model: Any, inputs: list[Any]) -> list[np.ndarray]:
    """Return the outputs of a model in inference mode, flattened."""
    if isinstance(model, keras.Sequential):
        structured = inputs[0]
    else:
        structured = keras.tree.pack_sequence_as(model.input, inputs)
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()
    found = keras.tree.flatten(model(structured, training=False))
    return [values_of(each) for each in found]


def distance(first: list[np.ndarray], second: list[np.ndarray]) -> float:
    """Return the largest difference of two lists of outputs, relative where they exceed one."""
    assert [each.shape for each in first] == [each.shape for each in second]
    return max(
        float(np.max(np.abs(one - two) / np.maximum(1, np.abs(two)), initial=0))
        for one, two in zip(first, second, strict=True)
    )


def kept_all(structure: Structure) -> np.ndarray:
    """Return a mask by which all classes stay."""
    return np.ones(structure.classes.count, bool)


def removal(structure: Structure, share: float = 0.4, seed: int = 0) -> np.ndarray:
    """Return a mask of the classes that stay when a random share of every group goes."""
    rng = np.random.default_rng(seed)
    stay = kept_all(structure)
    for group in find_groups(structure):
        count = max(1, round(share * group.width))
        stay[group.units[group.first_to_go(rng.permutation(group.width), count)]] = False
    return stay


@contextmanager
def changed_weights(model: Any) -> Iterator[None]:
    """Let a test overwrite weights of a model, and put them back, bit for bit."""
    before = [values_of(variable) for variable in model.variables]
    try:
        yield
    finally:
        for variable, values in zip(model.variables, before, strict=True):
            variable.assign(values)


@contextmanager
def editable_rows(axis: WeightAxis) -> Iterator[np.ndarray]:
    """Yield the rows of a weight along a labelled axis, and write them back."""
    variable = axis.layer.weights[axis.index]
    values = values_of(variable)
    yield np.moveaxis(values, axis.axis, 0)
    variable.assign(values)


def zero_removed(structure: Structure, stay: np.ndarray, *, contracted: bool = True) -> None:
    """Set to zero the rows of removed classes on contracted axes, or (wrongly) on all others."""
    for axis in structure.axes:
        if axis.contracted is contracted:
            with editable_rows(axis) as rows:
                rows[~stay[axis.classes]] = 0


def zero_oracle(
    model: Any,
    *,
    share: float = 0.4,
    seed: int = 0,
    inputs: list[Any] | None = None,
    rules: Callable[[Any], Any] = rule_for,
) -> Verdict:
    """Cut a random share of every group, and compare with the original with zeroed readers."""
    inputs = batch(model, seed) if inputs is None else inputs
    structure = walk(model, rules)
    stay = removal(structure, share, seed)
    pruned = cut(structure, Transform(stay)).model
    found, original = outputs(pruned, inputs), outputs(model, inputs)
    with changed_weights(model):
        zero_removed(structure, stay)
        expected = outputs(model, inputs)
    removed = int(np.count_nonzero(~stay))
    return Verdict(distance(found, expected), distance(found, original), removed, pruned)


def merge_oracle(
    model: Any,
    *,
    share: float = 0.4,
    seed: int = 0,
    inputs: list[Any] | None = None,
    suitable: Callable[[Group], bool] = lambda group: group.mergeable,
) -> Verdict:
    """Make units equal to others, merge them, and compare with the model that holds both."""
    inputs = batch(model, seed) if inputs is None else inputs
    structure = walk(model, rule_for)
    rng = np.random.default_rng(seed)
    groups = [group for group in find_groups(structure) if suitable(group)]
    pairs = [_pairs(group, share, rng) for group in groups]
    original = outputs(model, inputs)
    stay = kept_all(structure)
    with changed_weights(model):
        for group, (gone, delegates) in zip(groups, pairs, strict=True):
            stay[group.units[gone]] = False
            for sites in group.carried:
                with editable_rows(sites.axis) as rows:
                    rows[sites.positions[gone]] = rows[sites.positions[delegates]]
        expected = outputs(model, inputs)
        for group, (gone, delegates) in zip(groups, pairs, strict=True):
            for sites in group.contracted:
                with editable_rows(sites.axis) as rows:
                    np.add.at(rows, sites.positions[delegates], rows[sites.positions[gone]])
        pruned = cut(structure, Transform(stay)).model
    found = outputs(pruned, inputs)
    removed = int(np.count_nonzero(~stay))
    return Verdict(distance(found, expected), distance(found, original), removed, pruned)


def _pairs(group: Group, share: float, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return rows of units to merge, and the delegate of each."""
    count = max(1, round(share * group.width))
    gone = group.first_to_go(rng.permutation(group.width), count)
    left = np.setdiff1d(np.arange(group.width), gone)
    return gone, rng.choice(left, len(gone))
