"""Rewriting the weights of readers when columns of their inputs are removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.graph.norms import norm_behind
from pytest_paoding.engine.pruning.reconstruct.refit import ridge
from pytest_paoding.engine.surgery.transform import TakeOver, Transform, index_of

if TYPE_CHECKING:
    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray
    from pytest_paoding.engine.pruning.reconstruct.moments import ColumnMoments
    from pytest_paoding.engine.pruning.reconstruct.readers import Columns, Reader


def kernel_rows(reader: Reader, model: Model) -> FloatArray:
    """Return a reader's kernel with the axis it sums over first and its outputs last."""
    return np.moveaxis(model.weights[reader.layer, 0], reader.axis.axis, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Rewriter:
    """Rewrites readers of units that go.

    Attributes:
        model: The model whose working weights are rewritten.
        stay: Mask of the classes that stay, shape (classes,).
        strength: The ridge of a refit towards the present weights.
    """

    model: Model
    stay: BoolArray
    strength: float = 0.0

    def compensation(self, reader: Reader, columns: Columns, moments: ColumnMoments) -> Transform:
        """Return the transform by which kept columns take over a reader's weights on the others.

        Every tap gets the same share of a removed channel; the mean of the rest goes into the bias.

        Args:
            reader: The reader.
            columns: Columns of one number of occurrences.
            moments: Their moments.
        """
        mask = self.stay[columns.classes]
        gone, kept = np.flatnonzero(~mask), np.flatnonzero(mask)
        if not len(gone):
            return Transform(self.stay)
        share, constant = moments.takeover(gone, kept)
        removed = kernel_rows(reader, self.model)[columns.positions[gone]].astype(np.float64)
        everywhere = removed.reshape(len(gone), -1, removed.shape[-1]).sum(axis=1)
        takeover = TakeOver(columns.positions[gone], columns.positions[kept], share)
        key = reader.layer, reader.axis.index, reader.axis.axis
        return Transform(self.stay, {key: takeover}, {reader.layer: constant @ everywhere})

    def carry_out(self, transform: Transform) -> None:
        """Carry out the take-overs of a transform, and add its constants to the outputs."""
        transform.carry_out(self.model.weights)
        for layer, constant in transform.bias.items():
            self._shift(layer, constant)

    def refit(self, reader: Reader, patches: FloatArray, target: FloatArray) -> None:
        """Fit a reader's kernel and bias to its original outputs.

        Args:
            reader: The reader.
            patches: Present inputs of sampled outputs, shape (rows, taps, positions).
            target: These outputs in the original model, shape (rows, outputs).
        """
        kept = np.flatnonzero(self.stay[reader.axis.classes])
        rows = kernel_rows(reader, self.model).copy()
        by_tap = np.moveaxis(rows[kept], 0, -2)
        matrix = patches[..., kept].reshape(len(patches), -1)
        constant = self._constant_of(reader.layer)
        present = matrix @ by_tap.reshape(-1, by_tap.shape[-1]) + constant
        missing = target - present
        missing[~np.isfinite(missing)] = 0  # a class that its bias rules out lacks nothing
        sound = np.isfinite(matrix).all(axis=1)
        if not sound.all():  # the pruned model makes no numbers of some inputs
            matrix, missing = matrix[sound], missing[sound]
        if not len(matrix):
            return
        change, offset = ridge(matrix, missing, self.strength)
        rows[kept] += np.moveaxis(change.reshape(by_tap.shape), -2, 0)
        self.model.weights.assign((reader.layer, 0), np.moveaxis(rows, 0, reader.axis.axis))
        self._shift(reader.layer, offset)

    def settle_offsets(self) -> None:
        """Move the offsets of layers without a bias into the means that normalisations subtract."""
        weights = self.model.weights
        for layer, offset in self.model.offsets.items():
            norm = norm_behind(self.model.graph, layer)
            if norm is not None:
                key = norm, index_of(norm, norm.moving_mean)
                weights.assign(key, weights[key] - offset)
        self.model.offsets.clear()

    def _constant_of(self, layer: Any) -> FloatArray | float:
        """Return the bias of a layer, or the offset that stands in for it."""
        if layer.use_bias:
            return self.model.weights[layer, 1]
        return self.model.offsets.get(layer, 0.0)

    def _shift(self, layer: Any, constant: FloatArray) -> None:
        """Add a constant to a layer's bias, or to its offset if a normalisation can take that."""
        model = self.model
        if layer.use_bias:
            model.weights.assign((layer, 1), model.weights[layer, 1] + constant)
        elif norm_behind(model.graph, layer) is not None:
            present = model.offsets.get(layer, np.zeros(len(constant), np.float32))
            model.offsets[layer] = (present + constant).astype(np.float32)
