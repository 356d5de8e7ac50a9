"""Weighing: which of many candidates look, together, like what a model was trained on.

Without any data three things are known of it: the mean and deviation of each channel that
normalisations recorded; that classes are about in balance, and a trained model is sure of them; and
that each hidden unit has something to do. Candidates get weights under which all three hold at
once. None of them may count so much that few are left: a floor on the effective share of the
candidates keeps their variety.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray, IntArray
    from pytest_paoding.engine.synthesis.candidate_table import CandidateTable

_RATE = 0.1  # of a step of Adam, in log-weights
_FIRST, _SECOND = 0.9, 0.999
_FIRING = 0.3  # share of inputs on which a rectified unit typically fires
_STRICT = 10.0  # weight of the floor
_SMALL = 1e-9


@dataclass(frozen=True, slots=True)
class Aims:
    """What weights are to bring about, and how much each of it counts.

    Attributes:
        balance: Divergence of the mean answer from equal shares of all classes.
        entropy: Mean entropy of the answers.
        firing: Divergence of the rate at which units fire from a plausible one.
        floor: Effective share of the candidates below which weights are penalised.
        steps: Steps of the search.
    """

    balance: float
    entropy: float
    firing: float
    floor: float = 0.1
    steps: int = 300


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Weights of candidates, and what they bring about.

    Attributes:
        weights: One for each candidate, 1 in all.
        distance: Squared distance of the joint statistics from the recorded ones, in recorded
            deviations, a mean over channels and normalisations.
        balance: Divergence of the mean answer from equal shares.
        entropy: Mean entropy of the answers, as a share of the most.
        firing: Divergence of the rates at which units fire.
        share: Effective share of the candidates.
        recorded: Whether there are statistics to be distant from.
    """

    weights: FloatArray
    distance: float
    balance: float
    entropy: float
    firing: float
    share: float
    recorded: bool


def weigh(table: CandidateTable, aims: Aims) -> Weighed:
    """Return weights under which the candidates have the statistics that were recorded.

    Adam on log-weights; each step costs four products of a vector and the table.
    """
    odds = np.zeros(len(table), np.float32)
    first, second = np.zeros_like(odds), np.zeros_like(odds)
    for step in range(1, aims.steps + 1):
        slope = _slope(table, _softmax(odds), aims)
        first += (1 - _FIRST) * (slope - first)
        second += (1 - _SECOND) * (slope * slope - second)
        size = np.sqrt(second / (1 - _SECOND**step)) + 1e-8
        odds -= _RATE * (first / (1 - _FIRST**step)) / size
    return _weighed(table, _softmax(odds))


def measured(table: CandidateTable) -> Weighed:
    """Return what candidates bring about together that all count alike."""
    return _weighed(table, np.full(len(table), 1 / len(table), np.float32))


def resampled(weights: FloatArray, count: int, generator: np.random.Generator) -> IntArray:
    """Return rows drawn by their weights, evenly: no row more than once too often."""
    limits = np.cumsum(weights, dtype=np.float64)
    places = (generator.random() + np.arange(count)) / count * limits[-1]
    found: IntArray = np.searchsorted(limits, places).clip(0, len(weights) - 1)
    return found


def _softmax(odds: FloatArray) -> FloatArray:
    weights = np.exp(odds - odds.max())
    found: FloatArray = weights / weights.sum()
    return found


def _slope(table: CandidateTable, weights: FloatArray, aims: Aims) -> FloatArray:
    """Return the gradient of what is to be brought about along the log-weights."""
    slope = np.zeros_like(weights)
    if table.channels.size:
        mean, deviation = _joint(table, weights)
        pull = 2 * table.channels * (deviation - 1) / deviation
        slope += _each(table.means, 2 * table.channels * mean - pull * mean)
        slope += _each(table.squares, pull / 2)
    shares = _all(weights, table.shares)
    even = table.shares.shape[1]
    slope += aims.balance * _each(table.shares, np.log(shares * even + _SMALL) + 1)
    slope += aims.entropy * table.entropy
    if table.units.size and aims.firing:
        rate = (_all(weights, table.firing)).clip(0.003, 0.997)
        pull = table.units * ((1 - _FIRING) / (1 - rate) - _FIRING / rate)
        slope += aims.firing * _each(table.firing, pull)
    squares = float(weights @ weights)
    if 1 / (len(weights) * squares) < aims.floor:
        slope += _STRICT * 2 * weights / (len(weights) * squares**2)
    found: FloatArray = weights * (slope - weights @ slope)
    return found


def _all(weights: FloatArray, columns: FloatArray) -> FloatArray:
    """Return the weighted sum of all rows.

    Not by BLAS: its threads wait for one another where another process wants their processors too,
    and take twenty times as long for a thousand small products.
    """
    found: FloatArray = np.einsum("i,ij->j", weights, columns)
    return found


def _each(columns: FloatArray, values: FloatArray) -> FloatArray:
    """Return the product of each row and some values, likewise."""
    found: FloatArray = np.einsum("ij,j->i", columns, values.astype(columns.dtype))
    return found


def _joint(table: CandidateTable, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and deviation of all candidates together, in recorded units: (0, 1) is right."""
    mean = _all(weights, table.means)
    variance = _all(weights, table.squares) - mean * mean
    return mean, np.sqrt(np.maximum(variance, 1e-6))


def _weighed(table: CandidateTable, weights: FloatArray) -> Weighed:
    distance = firing = 0.0
    if table.channels.size:
        mean, deviation = _joint(table, weights)
        distance = float(table.channels @ (mean**2 + (deviation - 1) ** 2))
    shares = _all(weights, table.shares)
    balance = float(shares @ np.log(shares * table.shares.shape[1] + _SMALL))
    if table.units.size:
        rate = (_all(weights, table.firing)).clip(0.003, 0.997)
        crossed = -_FIRING * np.log(rate / _FIRING) - (1 - _FIRING) * np.log(
            (1 - rate) / (1 - _FIRING)
        )
        firing = float(table.units @ crossed)
    share = 1 / (len(weights) * float(weights @ weights))
    entropy = float(weights @ table.entropy)
    recorded = bool(table.channels.size)
    return Weighed(weights, distance, balance, entropy, firing, share, recorded)
