"""Substitution: sentences moved, token by token, towards a class.

Tokens have no gradient, but their embeddings have: it says to first order what each other token
would change. A few of the best substitutions are made at a time (HotFlip, Ebrahimi et al. 2018,
arXiv 1712.06751).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.synthesis.class_targets import (
    classifying,
    cross_entropy,
    drawn_targets,
)
from pytest_paoding.engine.synthesis.descent import gradients_of
from pytest_paoding.engine.synthesis.work import batch_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.graph.types import FloatArray, IntArray
    from pytest_paoding.engine.inputs.input_sources import InputSources

ROUNDS = 4
"""Gradient steps of each sentence."""
_SHARE = 0.05  # share of the steps that change in one round
_TRIED = 0.5  # share of the steps that may change in one round, for variety
_WORDS = 1024  # most tokens that are weighed in one round


def substitute(
    model: Model,
    inputs: Mapping[Tensor, Any],
    sources: InputSources,
    generator: np.random.Generator,
) -> dict[Tensor, Any]:
    """Return inputs whose tokens were moved towards classes drawn at random.

    Costs four gradient steps. Inputs that no embedding reads stay, and so do padded steps, and
    those whose positions know different tokens.

    Raises:
        NoGradientError: An operation of the model has no gradient.
    """
    tokens = _tokens(model.graph, sources)
    count, size = len(next(iter(inputs.values()))), batch_of(model.graph)
    found: list[dict[Tensor, Any]] = []
    for start in range(0, count, size):
        batch = {each: values[start : start + size] for each, values in inputs.items()}
        targets = drawn_targets(model.graph, len(next(iter(batch.values()))), generator)
        for _ in range(ROUNDS):
            batch = _changed(model, batch, tokens, targets, generator)
        found.append(batch)
    return {each: np.concatenate([batch[each] for batch in found]) for each in inputs}


def embeddings(graph: Graph, tensor: Tensor) -> list[Any]:
    """Return the embeddings that read an input of tokens."""
    readers = (call.operation for call in graph.readers(tensor))
    return [each for each in readers if type(each) is keras.layers.Embedding]


def _tokens(graph: Graph, sources: InputSources) -> dict[Tensor, IntArray]:
    """Return the tokens that may stand for others, for each input that embeddings read."""
    found = {}
    for source in sources:
        layers, known = embeddings(graph, source.tensor), source.vocabulary
        if layers and known is not None and known.entries is None and source.lookups is None:
            masks = any(layer.mask_zero for layer in layers)
            first = min(max(known.first, int(masks)), known.size - 1)
            found[source.tensor] = np.arange(first, known.size)
    return found


def _changed(
    model: Model,
    batch: Mapping[Tensor, Any],
    tokens: Mapping[Tensor, IntArray],
    targets: list[Any],
    generator: np.random.Generator,
) -> dict[Tensor, Any]:
    """Make the best substitutions in every sentence of a batch."""
    slopes = _slopes(model, batch, targets)
    changed = dict(batch)
    for tensor, values in batch.items():
        layers = [layer for layer in embeddings(model.graph, tensor) if layer in slopes]
        if layers and tensor in tokens:
            words = tokens[tensor]
            first = int(words[0])
            if len(words) > _WORDS:
                words = generator.choice(words, _WORDS, replace=False)
            parts = [_harm(model, layer, slopes[layer], values, words) for layer in layers]
            harm = np.sum(parts, axis=0)
            changed[tensor] = _substituted(values, harm, words, first, generator)
    return changed


def _harm(model: Model, layer: Any, slope: FloatArray, values: Any, words: IntArray) -> FloatArray:
    """Return by how much each token in place of each step would raise the loss, to first order."""
    table = model.weights[layer, 0]
    present = (slope * table[values.astype(np.int64)]).sum(axis=-1, keepdims=True)
    rows = slope.reshape(-1, slope.shape[-1])  # one product of matrices, not one for each sentence
    return np.asarray((rows @ table[words].T).reshape(*slope.shape[:-1], len(words)) - present)


def _substituted(
    values: Any, harm: FloatArray, words: IntArray, first: int, generator: np.random.Generator
) -> Any:
    best = harm.reshape(len(values), -1, len(words))
    flat = values.reshape(len(values), -1)
    gain = -best.min(axis=-1)
    gain[(flat < first) | (generator.random(gain.shape) > _TRIED)] = 0
    most = max(1, round(_SHARE * gain.shape[1]))
    least = np.sort(gain, axis=1)[:, -most, None]
    moved = np.where((gain > 0) & (gain >= least), words[best.argmin(axis=-1)], flat)
    return moved.reshape(values.shape).astype(values.dtype)


def _slopes(model: Model, batch: Mapping[Tensor, Any], targets: list[Any]) -> dict[Any, FloatArray]:
    """Return the gradient of the loss along the outputs of every embedding of an input."""
    heads = dict(zip(classifying(model.graph), targets, strict=True))
    read = {layer for tensor in batch for layer in embeddings(model.graph, tensor)}
    embedded: dict[Any, Any] = {}
    losses = []
    with tf.GradientTape() as tape:
        wave = Wave(model, [batch])
        for call in model.graph.calls:
            if call in heads:
                losses.append(cross_entropy(call, wave.final(call)[0], heads[call]))
            wave.advance()
            if call.operation in read and call.operation not in embedded:
                embedded[call.operation] = wave.values[call.outputs[0]][0]
                tape.watch(embedded[call.operation])
        loss = tf.add_n(losses) * len(next(iter(batch.values())))
    gradients = gradients_of(tape, loss, list(embedded.values()))
    return {
        layer: values_of(slope).astype(np.float32)
        for layer, slope in zip(embedded, gradients, strict=True)
    }
