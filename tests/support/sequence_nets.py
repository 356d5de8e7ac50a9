"""Networks of sequences, and data to train them on: drawn, or files that ship with Python."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import Any

import keras
import numpy as np

CLASSES, TOKENS, STEPS = 6, 120, 32
SUFFIXES = (".py", ".pyc", ".so", ".txt", ".json", ".h", ".csv")
WINDOW, FILES = 256, 600
SAMPLES = 6000


def tokens(generator: np.random.Generator, *, padded: bool = False) -> tuple[Any, Any]:
    """Return sentences of hidden Markov chains, and the chain of each."""
    states = 8
    emission = generator.dirichlet(np.full(TOKENS - 1, 0.1), states).cumsum(axis=1)
    moves = generator.dirichlet(np.full(states, 0.25), (CLASSES, states)).cumsum(axis=2)
    labels = generator.integers(0, CLASSES, SAMPLES)
    state = generator.integers(0, states, SAMPLES)
    found = np.zeros((SAMPLES, STEPS), np.int32)
    for step in range(STEPS):
        draw = generator.random((2, SAMPLES, 1))
        found[:, step] = 1 + (emission[state] < draw[0]).sum(axis=1).clip(max=TOKENS - 2)
        state = (moves[labels, state] < draw[1]).sum(axis=1).clip(max=states - 1)
    if padded:
        lengths = generator.integers(STEPS // 3, STEPS + 1, SAMPLES)
        found[np.arange(STEPS) >= lengths[:, None]] = 0
    return found, labels


def series(generator: np.random.Generator) -> tuple[Any, Any]:
    """Return waves in four channels under noise; form and rhythm make the class."""
    time, count = np.arange(48)[None, :, None], (SAMPLES, 1, 1)
    labels = generator.integers(0, CLASSES, SAMPLES)
    rhythm = generator.uniform(0.15, 0.9, (CLASSES, 4))[labels][:, None, :]
    phase = generator.uniform(0, 2 * np.pi, count) + generator.normal(size=(CLASSES, 4))[
        labels
    ].reshape(-1, 1, 4)
    wave = np.sin(rhythm * time + phase)
    wave = np.where((labels % 2 == 0)[:, None, None], wave, np.sign(wave))
    found = 0.5 + 0.2 * wave + 0.3 * generator.normal(size=(SAMPLES, 48, 4))
    return np.clip(found, 0, 1).astype(np.float32), labels


def windows(generator: np.random.Generator) -> tuple[Any, Any]:
    """Return windows of bytes of Python's own files, and the kind of each."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found, labels = [], []
    for label, suffix in enumerate(SUFFIXES):
        files = sorted(each for each in root.rglob(f"*{suffix}") if each.stat().st_size > WINDOW)
        for number in generator.integers(0, len(files), FILES if files else 0):
            content = np.frombuffer(files[number].read_bytes(), np.uint8)
            for start in generator.integers(0, len(content) - WINDOW, 2):
                found.append(content[start : start + WINDOW])
                labels.append(label)
    return np.stack(found).astype(np.int32), np.array(labels)


def lstm() -> keras.Model:
    return _read(STEPS, keras.layers.LSTM(48))


def gru() -> keras.Model:
    return _read(STEPS, keras.layers.GRU(48))


def masked_pair() -> keras.Model:
    return _read(STEPS, keras.layers.Bidirectional(keras.layers.GRU(32)), mask_zero=True)


def transformer() -> keras.Model:
    layers = keras.layers
    given = keras.Input((STEPS,), dtype="int32")
    flow = layers.Embedding(TOKENS, 32)(given)
    flow = layers.Add()([flow, layers.Embedding(STEPS, 32)(keras.ops.arange(STEPS)[None])])
    for _ in range(2):
        seen = layers.MultiHeadAttention(4, 8)(flow, flow)
        flow = layers.LayerNormalization()(layers.Add()([flow, seen]))
        more = layers.Dense(32)(layers.Dense(64, "relu")(flow))
        flow = layers.LayerNormalization()(layers.Add()([flow, more]))
    flow = layers.GlobalAveragePooling1D()(flow)
    return keras.Model(given, layers.Dense(CLASSES, "softmax")(flow))


def wave_net() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((48, 4)),
            layers.Conv1D(32, 5, padding="causal", activation="relu"),
            layers.Conv1D(32, 3, padding="causal", dilation_rate=2, activation="relu"),
            layers.GRU(32),
            layers.Dense(CLASSES, "softmax"),
        ]
    )


def byte_net() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((WINDOW,), dtype="int32"),
            layers.Embedding(256, 16),
            layers.Conv1D(64, 5, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(32, "relu"),
            layers.Dense(len(SUFFIXES), "softmax"),
        ]
    )


def _read(steps: int, layer: Any, *, mask_zero: bool = False) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((steps,), dtype="int32"),
            keras.layers.Embedding(TOKENS, 24, mask_zero=mask_zero),
            layer,
            keras.layers.Dense(CLASSES, "softmax"),
        ]
    )


SEQUENCE_NETS = {
    "token-lstm": (lstm, tokens),
    "token-gru": (gru, tokens),
    "masked-pair": (masked_pair, lambda generator: tokens(generator, padded=True)),
    "transformer": (transformer, tokens),
    "series-gru": (wave_net, series),
    "byte-conv": (byte_net, windows),
}
