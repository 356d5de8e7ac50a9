"""The work of layers is what is counted by hand."""

from __future__ import annotations

import keras
import pytest

from pytest_paoding.engine.execution.work import flops
from support.counted_work import SelfAttention, graph_of

layers = keras.layers


# Multiply-adds by hand: outputs x what each of them sums over.
BY_HAND = {
    "dense": (lambda: graph_of(layers.Dense(7), 5), 5 * 7),
    "dense on a sequence": (lambda: graph_of(layers.Dense(7), 3, 4, 5), 3 * 4 * 5 * 7),
    "einsum dense": (
        lambda: graph_of(layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3)), 4, 5),
        4 * 5 * 2 * 3,
    ),
    "einsum dense, ellipsis": (
        lambda: graph_of(layers.EinsumDense("...x,xy->...y", output_shape=6), 4, 5),
        4 * 5 * 6,
    ),
    "einsum dense, two sums": (
        lambda: graph_of(layers.EinsumDense("abcd,cde->abe", output_shape=(None, 6)), 4, 5, 3),
        4 * 5 * 3 * 6,
    ),
    "conv1d, dilated": (
        lambda: graph_of(layers.Conv1D(4, 3, dilation_rate=2), 9, 2),
        (9 - 4) * 4 * 3 * 2,
    ),
    "conv2d": (lambda: graph_of(layers.Conv2D(4, 3), 8, 8, 2), 36 * 4 * 9 * 2),
    "conv2d, padded and strided": (
        lambda: graph_of(layers.Conv2D(4, (3, 2), strides=2, padding="same"), 7, 8, 2),
        4 * 4 * 4 * 6 * 2,
    ),
    "conv2d, groups": (lambda: graph_of(layers.Conv2D(4, 3, groups=2), 8, 8, 6), 36 * 4 * 9 * 3),
    "conv3d": (lambda: graph_of(layers.Conv3D(3, 2), 4, 4, 4, 2), 27 * 3 * 8 * 2),
    "transposed": (
        lambda: graph_of(layers.Conv2DTranspose(5, 3, strides=2), 4, 4, 2),
        16 * 2 * 9 * 5,
    ),
    "depthwise": (
        lambda: graph_of(layers.DepthwiseConv2D(3, depth_multiplier=2), 6, 6, 4),
        16 * 8 * 9,
    ),
    "separable": (
        lambda: graph_of(layers.SeparableConv2D(5, 3, depth_multiplier=2), 6, 6, 4),
        16 * (8 * 9 + 8 * 5),
    ),
    "separable 1d": (lambda: graph_of(layers.SeparableConv1D(5, 3), 6, 4), 4 * (4 * 3 + 4 * 5)),
    "channels first": (
        lambda: graph_of(layers.DepthwiseConv2D(3, data_format="channels_first"), 4, 6, 6),
        16 * 4 * 9,
    ),
    "simple rnn": (lambda: graph_of(layers.SimpleRNN(4), 6, 3), 6 * (3 * 4 + 4 * 4)),
    "lstm": (lambda: graph_of(layers.LSTM(4, return_sequences=True), 6, 3), 6 * 4 * (3 * 4 + 16)),
    "gru": (lambda: graph_of(layers.GRU(4), 6, 3), 6 * 3 * (3 * 4 + 16)),
    "stacked cells": (
        lambda: graph_of(layers.RNN([layers.GRUCell(4), layers.SimpleRNNCell(2)]), 6, 3),
        6 * (3 * (12 + 16) + 4 * 2 + 4),
    ),
    "bidirectional": (
        lambda: graph_of(layers.Bidirectional(layers.LSTM(4)), 6, 3),
        2 * 6 * 4 * (12 + 16),
    ),
    "conv lstm": (
        lambda: graph_of(layers.ConvLSTM2D(4, 3, return_sequences=True), 5, 8, 8, 2),
        5 * 36 * 9 * 16 * (2 + 4),
    ),
    "conv lstm, last": (
        lambda: graph_of(layers.ConvLSTM1D(4, 3), 5, 8, 2),
        5 * 6 * 3 * 16 * (2 + 4),
    ),
    "time distributed": (
        lambda: graph_of(layers.TimeDistributed(layers.Conv2D(4, 3)), 5, 8, 8, 2),
        5 * 36 * 4 * 9 * 2,
    ),
    "time distributed, free": (
        lambda: graph_of(layers.TimeDistributed(layers.Flatten()), 5, 8, 2),
        0,
    ),
    "subclass that adds nothing": (
        lambda: graph_of(type("Denser", (layers.Dense,), {"__doc__": "Ours."})(7), 5),
        5 * 7,
    ),
    "subclass of a subclass": (
        lambda: graph_of(type("Own", (Named,), {})(4, 3), 8, 8, 2),
        36 * 4 * 18,
    ),
    "cell that adds nothing": (
        lambda: graph_of(layers.RNN(type("Cell", (layers.GRUCell,), {})(4)), 6, 3),
        6 * 3 * (3 * 4 + 16),
    ),
    "spectral dense": (
        lambda: graph_of(layers.SpectralNormalization(layers.Dense(7)), 3, 5),
        3 * 35,
    ),
    "spectral convolution": (
        lambda: graph_of(layers.SpectralNormalization(layers.Conv2D(4, 3)), 8, 8, 2),
        36 * 4 * 9 * 2,
    ),
    "mel spectrogram": (
        lambda: graph_of(layers.MelSpectrogram(64, 32, num_mel_bins=8), 320),
        8 * 11 * 33,
    ),
    "attention": (
        lambda: graph_of(SelfAttention(layers.Attention()), 6, 4),
        6 * 6 * (4 + 4),
    ),
}


class Named(layers.Conv2D):
    """Takes an option of its own, and computes what its base does."""

    def __init__(self, filters, size, *, label="", **options):
        super().__init__(filters, size, **options)
        self.label = label

    def get_config(self):
        return {**super().get_config(), "label": self.label}


@pytest.mark.parametrize("kind", BY_HAND)
def test_multiply_adds_are_those_counted_by_hand(kind):
    build, expected = BY_HAND[kind]
    assert flops(build()) == 2 * expected


def test_a_nested_model_runs_at_every_step():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    assert flops(graph_of(layers.TimeDistributed(inner), 5, 4)) == 2 * 5 * (12 + 6)


@pytest.mark.parametrize("key", (False, True))
def test_attention_counts_projections_scores_and_values(key):
    heads = layers.MultiHeadAttention(num_heads=2, key_dim=3, value_dim=5, output_shape=(7,))
    found = flops(graph_of(SelfAttention(heads, key=key, listed=False), 6, 4))
    projections = 6 * 4 * 2 * (3 + 3 + 5)
    scores = 6 * 6 * 2 * (3 + 5)
    assert found == 2 * (projections + scores + 6 * 2 * 5 * 7)
    assert flops(graph_of(SelfAttention(layers.AdditiveAttention(), key=key), 6, 4)) == 2 * 36 * 8


def test_attention_along_one_of_two_axes_compares_along_it_only():
    def work_along(axes, *shape):
        heads = layers.MultiHeadAttention(num_heads=2, key_dim=3, attention_axes=axes)
        return flops(graph_of(SelfAttention(heads, listed=False), *shape))

    projections = 160 * 4 * 2 * 3 * 4
    assert work_along((1,), 8, 20, 4) == 2 * (projections + 160 * 8 * 2 * 6)
    assert work_along((-2,), 8, 20, 4) == 2 * (projections + 160 * 20 * 2 * 6)
    assert work_along(None, 8, 20, 4) == 2 * (projections + 160 * 160 * 2 * 6)


def test_grouped_heads_share_keys_and_values():
    heads = layers.GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)
    found = flops(graph_of(SelfAttention(heads, listed=False), 6, 5))
    assert found == 2 * (6 * 5 * 3 * (4 + 2 + 2) + 6 * 6 * 4 * 3 * 2 + 6 * 4 * 3 * 5)
