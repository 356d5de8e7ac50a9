"""The survey: inputs and results of the original model's readers, recorded in one pass."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.normalisation import affine
from pytest_paoding.engine.execution.patches import Sample
from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.execution.working import key_of
from pytest_paoding.engine.graph.norms import norm_behind
from pytest_paoding.engine.pruning.reconstruct.elimination import Site
from pytest_paoding.engine.pruning.reconstruct.moments import (
    ColumnMoments,
    Moments,
    arc_cosine,
    regularised,
)
from pytest_paoding.engine.pruning.reconstruct.rewrite import kernel_rows
from pytest_paoding.engine.pruning.takeover.readings import find_readings
from pytest_paoding.engine.pruning.takeover.sensitivity import sensitivities
from pytest_paoding.errors import ExecutionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import FloatArray, WeightKey
    from pytest_paoding.engine.inputs.inputs import Inputs
    from pytest_paoding.engine.pruning.reconstruct.moments import Matrix
    from pytest_paoding.engine.pruning.reconstruct.readers import Columns, Reader
    from pytest_paoding.engine.pruning.takeover.readings import Reading


class NotFiniteError(ExecutionError):
    """The original model makes something of the inputs that nothing can be learned from."""


_MOMENT_ROWS = 20_000  # samples of the columns at one reader
_PATCH_ROWS = 12_000  # sampled outputs of one reader
_PATCH_NUMBERS = 1 << 26  # most numbers in the patches of one reader: 256 MB
_TARGET_NUMBERS = 1 << 27  # most numbers in the sampled outputs of all readers: 512 MB
_FEWEST_ROWS = 2000  # whatever they take
_PRIOR = 0.5  # share of the arc-cosine kernel where there is one


@dataclass(slots=True, eq=False)
class Survey:
    """Samples the inputs and results of readers.

    Attributes:
        moments: Moments of each set of columns, in the original model.
        samples: Places of the outputs of each reader that were sampled.
        targets: Outputs of the original model there, shape (rows, outputs).
        readings: Sums over units by their weights, for groups that are not read by readers alone.
        matter: How much each output of such a sum matters.
        strict: Whether values that are not finite are an error, rather than left out wherever they
            are met: until the original model is surveyed, and its inputs are not screened.
    """

    structure: Structure
    inputs: Inputs
    model: Model
    generator: np.random.Generator
    with_prior: bool
    moments: dict[Columns, ColumnMoments] = field(default_factory=dict)
    samples: dict[Reader, Sample] = field(default_factory=dict)
    targets: dict[Reader, FloatArray] = field(default_factory=dict)
    readings: dict[WeightKey, Reading] = field(default_factory=dict)
    matter: dict[WeightKey, FloatArray] = field(default_factory=dict)
    strict: bool = True

    def take(self, readers: Sequence[Reader], wave: Wave) -> tuple[Reader, ...]:
        """Run the original model to its end, and record the inputs and results of its readers.

        Returns:
            The readers, without those whose inputs have other axes than the graph says, as a layer
            before them tells a wrong shape.

        Raises:
            NotFiniteError: A reader reads values that are not finite, or an output is no number.
        """
        by_call = {reader.call: reader for reader in readers}
        outputs = sum(kernel_rows(reader, self.model).shape[-1] for reader in readers)
        rows = int(np.clip(_TARGET_NUMBERS // max(1, outputs), _FEWEST_ROWS, _PATCH_ROWS))
        for call in self.structure.graph.calls:
            before = None
            if call in by_call and _is_as_told(call, wave):
                reader = by_call[call]
                for columns in reader.columns:
                    self.moments[columns] = self.look(reader, columns, wave)
                self.samples[reader] = sample = self._sample(reader, rows)
                self.targets[reader] = sample.outputs(before := wave.before(call))
            wave.advance(before)
        if self.strict:
            self._require_numbers(wave)
        self.strict = False
        return tuple(self.samples)

    def every(self, step: int) -> Survey:
        """Return a survey of one input out of `step`, for trials."""
        samples, targets = {}, {}
        for reader, sample in self.samples.items():
            samples[reader], part = sample.every(step)
            targets[reader] = self.targets[reader][part]
        inputs = self.inputs.every(step)
        return replace(self, inputs=inputs, samples=samples, targets=targets)

    def _require_numbers(self, wave: Wave) -> None:
        for tensor in self.structure.graph.outputs:
            for chunk in wave.values.get(tensor, ()):
                if chunk.dtype.is_floating and bool(tf.reduce_any(tf.math.is_nan(chunk))):
                    raise NotFiniteError("an output is not a number")

    def take_readings(self) -> None:
        """Observe all sums over units in the original model, and how much they matter."""
        wave = Wave(self.model, self.inputs.chunks)
        self.readings = find_readings(self.structure, wave, self.generator)
        found = list(self.readings.values())
        self.matter = sensitivities(self.model, self.inputs.plain(), found, self.generator)

    def readings_of(self, group: Group) -> tuple[Reading, ...]:
        """Return the sums over a group's units that were observed."""
        if not group.mergeable:
            return ()
        keys = dict.fromkeys(key_of(sites) for sites in group.contracted)
        return tuple(self.readings[key] for key in keys if key in self.readings)

    def site(self, group: Group, reader: Reader, columns: Columns) -> Site:
        """Return what a reader reads of a group, in the original model."""
        covariance = self.moments[columns].covariance
        return Site(covariance, self._gram(reader, columns), columns.rows(group))

    def site_of_sum(self, group: Group, reading: Reading) -> Site:
        """Return what a sum reads of a group, weighted by how much its outputs matter."""
        return reading.site(group, self.model.weights, self.matter.get(reading.key, 1.0))

    def look(self, reader: Reader, columns: Columns, wave: Wave) -> ColumnMoments:
        """Return the moments of a reader's columns at this point of a wave.

        O(samples columns^2), with about 20,000 samples. Memory: those of one chunk, and a few
        matrices (columns, columns).
        """
        chunks = wave.values[columns.tensor]
        share = -(-_MOMENT_ROWS // len(chunks))
        moments, count = Moments(len(columns.classes)), 0
        for chunk in chunks:
            samples = columns.samples(chunk, share, self.generator)
            samples = samples if self.strict else sound_rows(samples)
            count += len(samples)
            moments.add(samples)
        covariance = moments.covariance
        if not (count and np.isfinite(covariance).all()):
            raise NotFiniteError(
                f"layer {reader.layer.name!r} reads values that are not finite, or whose squares "
                f"are not: choose a strategy that reads no inputs, such as 'magnitude'"
            )
        if self.with_prior:
            covariance = self._mixed(columns, covariance)
        return ColumnMoments(moments.mean, regularised(covariance))

    def _sample(self, reader: Reader, rows: int) -> Sample:
        """Draw at most `rows` outputs of a reader, as many as there is room for patches of."""
        columns = int(np.prod(kernel_rows(reader, self.model).shape[:-1]))
        fewer = max(1, min(rows, _PATCH_NUMBERS // columns))
        return Sample.draw(reader.call, self.inputs.count, fewer, self.generator)

    def _gram(self, reader: Reader, columns: Columns) -> Matrix:
        """Return the Gram matrix of a reader's weights on its columns, scaled by its norm."""
        rows = kernel_rows(reader, self.model).astype(np.float64)
        norm = norm_behind(self.model.graph, reader.layer)
        if norm is not None:
            rows = rows * np.abs(affine(norm, self.model.weights)[0])
        outgoing = rows[columns.positions].reshape(len(columns.classes), -1)
        gram: Matrix = outgoing @ outgoing.T
        return gram

    def _mixed(self, columns: Columns, covariance: Matrix) -> Matrix:
        """Mix in the arc-cosine kernel where every column is a ReLU unit of a dense layer.

        Without recorded statistics, synthetic inputs may miss directions of real data; the kernel
        covers all directions alike.
        """
        prior = np.zeros_like(covariance)
        for producer in self.structure.producers:
            layer = producer.layer
            rows = np.flatnonzero(np.isin(columns.classes, producer.classes))
            is_dense = type(layer) is keras.layers.Dense
            if len(rows) and is_dense and layer.activation is keras.activations.relu:
                order = np.argsort(producer.classes)
                units = order[np.searchsorted(producer.classes[order], columns.classes[rows])]
                incoming = self.model.weights[layer, 0][:, units].astype(np.float64)
                prior[np.ix_(rows, rows)] += arc_cosine(incoming)
        if (np.diagonal(prior) <= 0).any():
            return covariance
        scale = np.trace(covariance) / np.trace(prior)
        mixed: Matrix = (1 - _PRIOR) * covariance + _PRIOR * scale * prior
        return mixed


def sound_rows(samples: FloatArray) -> FloatArray:
    """Return the rows that are finite, as all are where the pruned model makes numbers of all."""
    if np.isfinite(samples).all():
        return samples
    return samples[np.isfinite(samples).all(axis=1)]


def _is_as_told(call: Call, wave: Wave) -> bool:
    """Whether a call reads as many axes as the graph says."""
    tensor = call.inputs[0]
    return all(len(each.shape) == len(tensor.shape) + 1 for each in wave.values[tensor])
