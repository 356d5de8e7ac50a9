"""What an input is: a picture, a sequence, tokens, and what each layer takes what it reads for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.records.protocol import InputKind

RANKS: Mapping[InputKind, tuple[int, ...]] = {
    "features": (0, 1, 2, 3, 4),
    "sequence": (2, 3, 4),
    "tokens": (0, 1, 2, 3, 4),
    "audio": (1, 2),
    "picture": (3,),
    "video": (4,),
    "volume": (4,),
}
"""Number of axes, the batch left out, that an input of each kind may have where it is read."""

_BY_RANK: Mapping[int, InputKind] = {3: "picture", 4: "volume"}
_BY_DIMENSIONS: Mapping[str, InputKind] = {"1D": "sequence", "2D": "picture", "3D": "volume"}
_BY_NAME: Mapping[str, InputKind] = {
    "Resizing": "picture",
    "CenterCrop": "picture",
    "BaseImagePreprocessingLayer": "picture",
    "STFTSpectrogram": "audio",
    "MelSpectrogram": "audio",
    "ConvLSTM1D": "sequence",
    "ConvLSTM2D": "video",
    "RNN": "sequence",
    "Bidirectional": "sequence",
    "Masking": "sequence",
    "Attention": "sequence",
    "MultiHeadAttention": "sequence",
    "GroupedQueryAttention": "sequence",
    "Discretization": "features",
    "Embedding": "tokens",
    "IndexLookup": "tokens",
    "TextVectorization": "tokens",
    "Hashing": "tokens",
    "HashedCrossing": "tokens",
    "CategoryEncoding": "tokens",
    "OneHot": "tokens",
}


def kind_read_by(operation: Any) -> InputKind | None:
    """Return what a layer takes what it reads for; None if it reads anything.

    Subclasses of a layer read what the layer reads.
    """
    for base in type(operation).__mro__:
        if not base.__module__.startswith("keras"):
            continue
        known = _BY_NAME.get(base.__name__) or _BY_DIMENSIONS.get(base.__name__[-2:])
        if known is not None and base.__name__ != "ConvLSTM3D":
            return known
    return None


def kind_of_rank(rank: int) -> InputKind:
    """Return what an input of some number of axes is taken for where no layer tells."""
    return _BY_RANK.get(rank, "features")


def is_a(operation: Any, *names: str) -> bool:
    """Whether an operation is of one of some classes of Keras, or of a subclass of one."""
    bases = type(operation).__mro__
    return any(base.__name__ in names and base.__module__.startswith("keras") for base in bases)


def inner_layer(operation: Any) -> Any | None:
    """Return the layer that a TimeDistributed applies to every step; None for other layers."""
    return operation.layer if isinstance(operation, keras.layers.TimeDistributed) else None
