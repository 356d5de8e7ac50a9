"""Rewriting a reader's weights when columns of what it reads are removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.pruning.reconstruct.refit import ridge

if TYPE_CHECKING:
    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray
    from pytest_paoding.engine.pruning.reconstruct.moments import SiteMoments
    from pytest_paoding.engine.pruning.reconstruct.sites import Columns, Reader


def kernel_rows(reader: Reader, model: Model) -> FloatArray:
    """Return a reader's kernel with the axis it sums over first and its outputs last."""
    return np.moveaxis(model.weights[reader.layer, 0], reader.axis.axis, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Rewriter:
    """Rewrites readers of units that go.

    Attributes:
        model: The model whose working weights are rewritten.
        stay: Which classes stay, shape (classes,).
        strength: The ridge of a refit towards the present weights.
    """

    model: Model
    stay: BoolArray
    strength: float = 0.0

    def compensate(self, reader: Reader, columns: Columns, moments: SiteMoments) -> None:
        """Let the columns that stay take over, in a reader's kernel, what the others gave to it.

        Every tap gets the same share of a removed channel; what is left, on average, goes into the
        bias. Columns that go get zero weights.

        Args:
            reader: The reader.
            columns: The columns of one number of occurrences.
            moments: Their moments.
        """
        mask = self.stay[columns.classes]
        gone, kept = np.flatnonzero(~mask), np.flatnonzero(mask)
        if not len(gone):
            return
        rows = kernel_rows(reader, self.model).astype(np.float64)
        removed = rows[columns.positions[gone]]  # (removed, occurrences, ..., outputs)
        if len(kept):
            share, constant = moments.takeover(gone, kept)
            rows[columns.positions[kept]] += np.tensordot(share.T, removed, axes=1)
        else:
            constant = moments.mean[gone]
        everywhere = removed.reshape(len(gone), -1, removed.shape[-1]).sum(axis=1)
        rows[columns.positions[gone]] = 0
        self._assign(reader, rows)
        shift(reader, constant @ everywhere, self.model)

    def refit(self, reader: Reader, patches: FloatArray, target: FloatArray) -> None:
        """Fit a reader's kernel and bias to what its outputs were.

        Args:
            reader: The reader.
            patches: What sampled outputs are computed from now, shape (rows, taps, positions).
            target: What they were in the original model, shape (rows, outputs).
        """
        kept = np.flatnonzero(self.stay[reader.axis.classes])
        rows = kernel_rows(reader, self.model).copy()
        by_tap = np.moveaxis(rows[kept], 0, -2)
        matrix = patches[..., kept].reshape(len(patches), -1)
        present = matrix @ by_tap.reshape(-1, by_tap.shape[-1]) + constant_of(reader, self.model)
        change, offset = ridge(matrix, target - present, self.strength)
        rows[kept] += np.moveaxis(change.reshape(by_tap.shape), -2, 0)
        self._assign(reader, rows)
        shift(reader, offset, self.model)

    def _assign(self, reader: Reader, rows: FloatArray) -> None:
        kernel = np.moveaxis(rows, 0, reader.axis.axis)
        self.model.weights.assign((reader.layer, 0), kernel)


def constant_of(reader: Reader, model: Model) -> FloatArray | float:
    """Return what is added to a reader's outputs: its bias, or what stands in for one."""
    if reader.layer.use_bias:
        return model.weights[reader.layer, 1]
    return model.offsets.get(reader.layer, 0.0)


def shift(reader: Reader, constant: FloatArray, model: Model) -> None:
    """Add a constant to a reader's outputs, where there is a place for it."""
    layer = reader.layer
    if layer.use_bias:
        model.weights.assign((layer, 1), model.weights[layer, 1] + constant)
    elif reader.norm is not None:
        present = model.offsets.get(layer, np.zeros(len(constant), np.float32))
        model.offsets[layer] = (present + constant).astype(np.float32)


def settle_offsets(reader: Reader, model: Model) -> None:
    """Move what a missing bias would add into the mean that the normalisation behind takes off."""
    if reader.layer in model.offsets and reader.norm is not None:
        norm = reader.norm.operation
        index = next(i for i, each in enumerate(norm.weights) if each is norm.moving_mean)
        offset = model.offsets.pop(reader.layer)
        model.weights.assign((norm, index), model.weights[norm, index] - offset)
