"""Embeddings, recurrent layers and wrappers."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from support.patterns.registry import head, pattern


@pattern(6, 5, 4, 3, varied=True)
def recurrent_stack() -> Any:
    """Gates are blocks of units; recurrent kernels have units on both axes."""
    x = keras.Input((7,), dtype="int32")
    y = layers.Embedding(5, 6, mask_zero=True)(x)
    y = layers.LSTM(5, return_sequences=True)(y)
    y = layers.GRU(4, return_sequences=True)(y)
    return keras.Model(x, head(layers.SimpleRNN(3)(y)))


@pattern(4, 3)
def gru_of_both_kinds() -> Any:
    x = keras.Input((5, 2))
    y = layers.GRU(4, return_sequences=True, reset_after=False)(x)
    return keras.Model(x, head(layers.GRU(3, use_bias=False)(y)))


@pattern(4)
def encoder_decoder_states() -> Any:
    """States of one layer begin another: their units are the same."""
    x, z = keras.Input((5, 2)), keras.Input((4, 3))
    _, h, c = layers.LSTM(4, return_state=True)(x)
    y = layers.LSTM(4, return_sequences=True)(z, initial_state=[h, c])
    return keras.Model([x, z], head(y))


@pattern(4)
def bidirectional_concat() -> Any:
    """Keras wants as many units in both directions: they go in pairs."""
    x = keras.Input((5, 2))
    y = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(4, 3, varied=True)
def bidirectional_sum_and_pair() -> Any:
    x = keras.Input((5, 2))
    y = layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode="sum")(x)
    one, two = layers.Bidirectional(layers.SimpleRNN(3), merge_mode=None)(y)
    return keras.Model(x, head(layers.Concatenate()([two, one])))


@pattern(6, 4, 5, varied=True)
def time_distributed() -> Any:
    x = keras.Input((3, 6, 6, 2))
    y = layers.TimeDistributed(layers.Conv2D(6, 3, activation="relu"))(x)
    y = layers.TimeDistributed(layers.BatchNormalization())(y)
    y = layers.TimeDistributed(layers.Conv2D(4, 1))(y)
    y = layers.TimeDistributed(layers.Flatten())(y)
    y = layers.TimeDistributed(layers.Dense(5, activation="tanh"))(y)
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(4, 3)
def conv_lstm() -> Any:
    x = keras.Input((3, 6, 6, 2))
    y = layers.ConvLSTM2D(4, 3, return_sequences=True)(x)
    return keras.Model(x, head(layers.Flatten()(layers.ConvLSTM2D(3, 2)(y))))


@pattern(5, 4, 3, varied=True)
def cells() -> Any:
    x = keras.Input((4, 2))
    y = layers.RNN(layers.GRUCell(5), return_sequences=True)(x)
    stacked = layers.StackedRNNCells([layers.LSTMCell(4), layers.SimpleRNNCell(3)])
    return keras.Model(x, head(layers.RNN(stacked)(y)))


@pattern(6, 4)
def repeated_vector() -> Any:
    x = keras.Input((3,))
    y = layers.RepeatVector(4)(layers.Dense(6, activation="tanh")(x))
    return keras.Model(x, head(layers.LSTM(4)(y)))


@pattern(5)
def stateful_layer_keeps_its_units() -> Any:
    x = keras.Input(batch_shape=(3, 4, 2))
    y = layers.LSTM(4, stateful=True)(layers.Dense(5)(x))
    return keras.Model(x, head(y))
