"""EinsumDense: a kernel whose axes are named by the letters of an equation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.graph.rules.layers.activations import activated
from pytest_paoding.engine.graph.rules.registry import rule
from pytest_paoding.engine.graph.views import View, first_along, lengths_left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray, IntArray
    from pytest_paoding.engine.graph.visit import Visit


@dataclass(frozen=True, slots=True)
class Equation:
    """The letters of the input, the kernel and the output, the batch left out.

    Attributes:
        inputs: One letter for each axis of the input.
        kernel: One letter for each axis of the kernel.
        outputs: One letter for each axis of the output.
        written: Places of the output axes that the equation names, for `output_shape`.
    """

    inputs: str
    kernel: str
    outputs: str
    written: tuple[int, ...]

    def axes(self, letters: str, of: str) -> tuple[int, ...]:
        """Return the places of `letters` among `of`."""
        return tuple(of.index(letter) for letter in letters)

    @property
    def summed(self) -> str:
        """Letters of the kernel that are summed over."""
        return "".join(letter for letter in self.kernel if letter not in self.outputs)

    @property
    def new(self) -> str:
        """Letters of the output that the input lacks, in order: the units."""
        return "".join(letter for letter in self.outputs if letter not in self.inputs)

    @property
    def shared(self) -> str:
        """Letters of the kernel that both input and output have: nothing is mixed along them."""
        return "".join(each for each in self.kernel if each in self.inputs and each in self.outputs)


@rule(keras.layers.EinsumDense)
def einsum_dense(visit: Visit) -> View | Sequence[View]:
    """Contracts letters that the output lacks, issues units along letters that the input lacks."""
    layer, view = visit.layer, visit.input
    equation = parsed(layer.equation, view.rank)
    if equation is None:
        return visit.fixed("has an equation in which a letter is repeated or the batch is moved")
    if equation.summed:
        axes = equation.axes(equation.summed, equation.inputs)
        labels = visit.channels(view, axes)
        visit.contracts(layer.kernel, labels, equation.axes(equation.summed, equation.kernel))
    output = _output(visit, equation)
    for letters in (equation.new, "" if equation.new else equation.shared):
        if letters:
            labels = visit.channels(output, equation.axes(letters, equation.outputs))
            visit.carries(layer.kernel, labels, equation.axes(letters, equation.kernel))
    _label_bias(visit, output)
    _size_output(visit, equation, output)
    return activated(visit, output, layer.activation)


def parsed(equation: str, rank: int) -> Equation | None:
    """Return the letters of an equation for an input of `rank` axes without the batch.

    An ellipsis stands for letters of its own. None where the batch is not first in both input and
    output, or a letter is repeated.
    """
    inputs, rest = equation.replace(" ", "").split(",")
    kernel, outputs = rest.split("->")
    unnamed = rank + 1 - len(inputs.replace(".", ""))
    hidden = "".join(str(each) for each in range(unnamed))  # digits cannot clash with letters
    written = [letter for letter in outputs if letter != "."]
    full = [each.replace("...", hidden) for each in (inputs, kernel, outputs)]
    repeated = any(len(set(each)) < len(each) for each in full)
    if repeated or full[0][:1] != full[2][:1] or full[0][0] in kernel:
        return None
    places = tuple(full[2].index(each) - 1 for each in written if each != full[2][0])
    return Equation(full[0][1:], kernel, full[2][1:], places)


def _output(visit: Visit, equation: Equation) -> View:
    """Return the view of the output before its activation."""
    if not equation.new:
        kept = equation.axes(equation.outputs, equation.inputs)
        gone = tuple(axis for axis in range(visit.input.rank) if axis not in kept)
        labels = first_along(visit.input.labels, gone)
        return View(visit.shape, labels.transpose(*kept, *gone).reshape(_lengths(labels, kept)))
    axes = equation.axes(equation.new, equation.outputs)
    lengths = [visit.layer.kernel.shape[equation.kernel.index(each)] for each in equation.new]
    shape = [1] * len(visit.shape)
    for axis, length in zip(axes, lengths, strict=True):
        shape[axis] = length
    return View(visit.shape, visit.issue(int(np.prod(lengths))).reshape(shape))


def _lengths(labels: np.ndarray, axes: Sequence[int]) -> list[int]:
    return [labels.shape[axis] for axis in axes]


def _label_bias(visit: Visit, output: View) -> None:
    """Label the bias, which has the last axes of the output, of length one where it is shared."""
    bias = visit.layer.bias
    if bias is not None:
        first = output.rank - len(bias.shape)
        own = tuple(axis for axis, length in enumerate(bias.shape) if length > 1)
        labels = visit.channels(output, tuple(first + axis for axis in own))
        visit.carries(bias, labels, own)
        pin_misplaced(visit, bias, labels)


def pin_misplaced(visit: Visit, bias: Any, labels: IntArray) -> None:
    """Pin units whose bias Keras may add elsewhere: on TensorFlow it squeezes it to a vector.

    That goes along the first axis of the output instead of its own if both are of one length, as
    they may be only before or only after a cut.
    """
    if len(bias.shape) > 1 and bias.shape[-1] == 1 and np.prod(bias.shape) > 1:
        visit.pin(labels, "adds a bias that Keras may lay along another axis")


def _size_output(visit: Visit, equation: Equation, output: View) -> None:
    """Update `output_shape`, which has the axes the equation names, None where inferred."""
    given = visit.layer.partial_output_shape

    def value(stay: BoolArray) -> list[int | None]:
        left = [lengths_left(stay)[place] for place in equation.written]
        return [None if size is None else now for size, now in zip(given, left, strict=True)]

    visit.sizes(output.full(), "output_shape", value=value)
