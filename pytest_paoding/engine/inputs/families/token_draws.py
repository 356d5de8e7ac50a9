"""Token draws: synthetic sentences, for models without data.

Uniform tokens all look alike to a model. Real ones use few words of many, some of them often, and
in an order: so each sentence has a small vocabulary of its own with skewed frequencies, and most
sentences repeat themselves in runs or follow a successor that each of their words has.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import IntArray

_WORDS = 64  # largest vocabulary of one sentence
_UNIFORM = 8  # one sentence in so many is uniform over all tokens
_LEAST = 4  # steps of what is a sentence, rather than a category or two


def token_draws(
    shape: tuple[int, ...], tokens: tuple[int, int], count: int, generator: np.random.Generator
) -> IntArray:
    """Return sentences, shape (count, *shape).

    Args:
        shape: The shape of one sentence; steps are counted in the order of memory.
        tokens: The first token, and the one behind the last.
        count: Number of sentences.
        generator: The random generator.
    """
    first, end = tokens
    steps = prod(shape)
    found: IntArray = generator.integers(first, end, (count, steps))
    varied = count - count // _UNIFORM if steps >= _LEAST else 0
    if varied:
        found[:varied] = _sentences(steps, (first, end), varied, generator)
        found = found[generator.permutation(count)]
    return found.reshape(count, *shape)


def _sentences(
    steps: int, tokens: tuple[int, int], count: int, generator: np.random.Generator
) -> IntArray:
    """Return chains: each step goes to the successor of the word before, or draws a word anew."""
    sentence = np.arange(count)
    words = generator.integers(*tokens, (count, _WORDS))
    limits = _frequencies(count, generator).cumsum(axis=1)
    after = generator.integers(0, _WORDS, (count, _WORDS))
    is_run = generator.random(count) < 1 / 3  # of runs, chains and no order
    after[is_run] = np.arange(_WORDS)
    faithful = np.where(generator.random(count) < 1 / 3, 0, generator.random(count))  # as above
    found = np.empty((count, steps), np.int64)
    place = np.zeros(count, np.int64)
    for step in range(steps):
        drawn = (limits < generator.random((count, 1))).sum(axis=1).clip(max=_WORDS - 1)
        follows = generator.random(count) < faithful if step else np.zeros(count, bool)
        place = np.where(follows, after[sentence, place], drawn)
        found[:, step] = words[sentence, place]
    return found


def _frequencies(count: int, generator: np.random.Generator) -> np.ndarray:
    """Return the frequency of each word of each sentence, shape (count, words)."""
    size = np.exp(generator.uniform(np.log(2), np.log(_WORDS + 1), (count, 1)))
    skew = np.exp(generator.uniform(np.log(0.1), np.log(10), (count, 1)))
    weights = generator.standard_gamma(np.broadcast_to(skew, (count, _WORDS))) + 1e-30
    weights *= np.arange(_WORDS) < size
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
