"""What an input is: a picture, a sequence, tokens, and what each layer takes what it reads for."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.graph.trace import tensors_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_paoding.engine.graph.trace import Call, Tensor
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

_ASIDES = ("count_weights", "initial_state", "sample_weight")
_NAMED = 3  # layers that a note names
SIGNAL_LAST = ("STFT", "FFT", "RFFT", "ExtractSequences")
"""Operations on signals whose steps are the last axis, and not the first as those of layers are."""

TABLES = ("Embedding", "CategoryEncoding", "OneHot")
"""Layers that take whole numbers for the rows of a table, and refuse others."""

KNOWING = ("IndexLookup", "Hashing", "HashedCrossing")
"""Layers that know some values by themselves, and take others too."""

_BY_RANK: Mapping[int, InputKind] = {3: "picture", 4: "volume"}
_BY_DIMENSIONS: Mapping[str, InputKind] = {"1D": "sequence", "2D": "picture", "3D": "volume"}
_BY_NAME: Mapping[str, InputKind] = {
    "Resizing": "picture",
    "CenterCrop": "picture",
    "BaseImagePreprocessingLayer": "picture",
    **dict.fromkeys(SIGNAL_LAST, "audio"),
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


def asides(call: Call) -> tuple[Tensor, ...]:
    """Return the tensors that a layer reads beside what it is named after: masks, states, weights.

    Args:
        call: A call.
    """
    function = getattr(call.operation, "call", None)
    try:
        bound = inspect.signature(function).bind(*call.args, **call.kwargs) if function else None
    except (TypeError, ValueError):
        return ()
    given = {} if bound is None else bound.arguments
    beside = [
        each
        for name, each in given.items()
        if name in _ASIDES or name.removesuffix("s").endswith("mask")
    ]
    return tuple(tensors_of(beside))


def kind_of_rank(rank: int) -> InputKind:
    """Return what an input of some number of axes is taken for where no layer tells."""
    return _BY_RANK.get(rank, "features")


def listed_names(names: Sequence[str]) -> str:
    """Return the names of some layers in words, a few of them."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def is_a(operation: Any, *names: str) -> bool:
    """Whether an operation is of one of some classes of Keras, or of a subclass of one."""
    bases = type(operation).__mro__
    return any(base.__name__ in names and base.__module__.startswith("keras") for base in bases)


def inner_layer(operation: Any) -> Any | None:
    """Return the layer that a TimeDistributed applies to every step; None for other layers."""
    return operation.layer if isinstance(operation, keras.layers.TimeDistributed) else None
