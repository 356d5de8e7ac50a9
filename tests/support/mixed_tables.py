"""Tables some columns of which are looked up in one float input, and others are numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from hypothesis import strategies as st

from support.oracles import randomise

layers, ops = keras.layers, keras.ops
ENTRIES = np.array([3, 40, 700])


@dataclass(frozen=True)
class MixedTable:
    """A classifier of rows of a float input.

    Attributes:
        model: The model; its numbers are normalised.
        looked_up: Mask of the columns that are looked up.
        known: The values that each of them knows, by column.
    """

    model: Any
    looked_up: Any
    known: dict[int, Any]

    def only_known(self, values: Any) -> bool:
        """Whether the columns that are looked up hold what they know."""
        return all(np.isin(values[:, at], each).all() for at, each in self.known.items())


KINDS = st.lists(st.sampled_from(("table", "entries", "number")), min_size=3, max_size=6).filter(
    lambda kinds: "number" in kinds and set(kinds) != {"number"}
)
"""What the columns of a table are: some that are looked up, and some numbers."""


def mixed_table(kinds: list[str], seed: int) -> MixedTable:
    """Build a table whose columns are of some kinds, in order."""
    keras.utils.set_random_seed(seed)
    x = keras.Input((len(kinds),), name="row")
    known: dict[int, Any] = {}
    read = []
    for at, kind in enumerate(kinds):
        column, rows = x[:, at : at + 1], 2 + (seed + at) % 7
        if kind == "number":
            read.append(layers.Normalization(mean=[0.5], variance=[0.04])(column))
            continue
        known[at] = np.arange(rows) if kind == "table" else ENTRIES
        if kind == "entries":
            lookup = layers.IntegerLookup(vocabulary=ENTRIES)
            column, rows = lookup(ops.cast(column, "int64")), len(ENTRIES) + 1
        read.append(layers.Flatten()(layers.Embedding(rows, 3)(column)))
    hidden = layers.BatchNormalization()(layers.Dense(8, "relu")(layers.Concatenate()(read)))
    model = keras.Model(x, layers.Dense(3, "softmax")(hidden))
    mask = np.array([kind != "number" for kind in kinds])
    return MixedTable(randomise(model), mask, known)
