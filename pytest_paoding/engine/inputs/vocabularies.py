"""Vocabularies: the tokens, categories and texts that the layer that looks them up knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.inputs.kinds import inner_layer, is_a

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import IntArray

_UNKNOWN = 0.05  # share of values that are not in a vocabulary, where a layer takes such
_STRANGERS = 16  # different ones of them
_HASHED = 512  # different values that are hashed, for each bin a few
_WORDS = 32  # most words of a text whose length a layer leaves open
_LONGEST = 1024  # characters of a word that is drawn: sentences of longer ones cost gigabytes


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The values that an input of tokens may have.

    Attributes:
        size: Number of known values; they are numbered.
        first: Least number that is drawn, above one that stands for padding.
        entries: The known values, the strangers behind them; None where the numbers are the values.
        strangers: Number of values that no layer knows.
        words: Most words of a text; 0 where a value is one entry.
        joint: What stands between two words.
        padding: Number that a layer masks, at the end of sequences; None if it masks none.
    """

    size: int
    first: int = 0
    entries: Any = None
    strangers: int = 0
    words: int = 0
    joint: str = " "
    padding: int | None = None

    def values(self, numbers: IntArray, generator: np.random.Generator) -> Any:
        """Return the values of drawn numbers, some of them replaced by strangers.

        Args:
            numbers: Numbers in [first, size), shape (samples, ..., words) for texts.
            generator: Draws the strangers, and the lengths of texts.
        """
        if self.strangers:
            unknown = generator.random(numbers.shape) < _UNKNOWN
            strange = generator.integers(self.size, self.size + self.strangers, numbers.shape)
            numbers = np.where(unknown, strange, numbers)
        found = numbers if self.entries is None else self.entries[numbers]
        return self._texts(found, generator) if self.words else found

    def _texts(self, words: Any, generator: np.random.Generator) -> Any:
        lengths = generator.integers(1, self.words + 1, words.shape[:-1])
        rows = words.reshape(-1, self.words).tolist()
        texts = [
            self.joint.join(row[:length])
            for row, length in zip(rows, lengths.reshape(-1).tolist(), strict=True)
        ]
        return _entries(texts).reshape(words.shape[:-1])


def vocabulary_of(call: Call, dtype: str) -> Vocabulary | None:
    """Return the vocabulary of the layer that reads an input; None if it has none.

    Args:
        call: A call that reads tokens.
        dtype: The dtype of the input.
    """
    layer = inner_layer(call.operation) or call.operation
    if is_a(layer, "Embedding"):
        masks = layer.mask_zero and layer.input_dim > 1
        return Vocabulary(layer.input_dim, int(masks), padding=0 if layer.mask_zero else None)
    if is_a(layer, "CategoryEncoding"):
        return Vocabulary(layer.num_tokens)
    if is_a(layer, "OneHot"):
        return Vocabulary(layer.num_classes)
    if is_a(layer, "Hashing", "HashedCrossing"):
        return hashed(dtype)
    if is_a(layer, "TextVectorization"):
        return _of_texts(layer)
    return _of_lookup(layer, dtype) if is_a(layer, "IndexLookup") else None


def vocabulary_for(call: Call | None, dtype: str) -> Vocabulary | None:
    """Return the vocabulary of the layer that reads an input, if any; texts always have one."""
    known = None if call is None else vocabulary_of(call, dtype)
    return hashed(dtype) if known is None and dtype == "string" else known


def hashed(dtype: str) -> Vocabulary:
    """Return values for a layer that takes any, as hashing does."""
    if dtype != "string":
        return Vocabulary(_HASHED)
    return Vocabulary(_HASHED, entries=_entries([f"value{number}" for number in range(_HASHED)]))


def _of_lookup(layer: Any, dtype: str) -> Vocabulary | None:
    known = layer.get_vocabulary(include_special_tokens=False)
    if layer.invert:
        return Vocabulary(max(1, layer.vocabulary_size()))
    if not len(known):
        return hashed(dtype) if layer.num_oov_indices else None
    strangers = _STRANGERS if layer.num_oov_indices else 0
    if dtype == "string":
        words = _short([str(each) for each in known])
        entries = _entries(words + _strange_words(known, strangers))
        return Vocabulary(len(words), entries=entries, strangers=strangers)
    numbers = [int(each) for each in known]
    beyond = list(range(max(numbers) + 1, max(numbers) + 1 + strangers))
    return Vocabulary(len(known), entries=np.array(numbers + beyond), strangers=strangers)


def _of_texts(layer: Any) -> Vocabulary:
    known = [str(each) for each in layer.get_vocabulary(include_special_tokens=False)]
    words = [each for each in known if " " not in each]
    words = _short(words) if words else [f"word{i}" for i in range(_HASHED)]
    length = getattr(layer, "_output_sequence_length", None) or _WORDS
    joint = "" if getattr(layer, "_split", None) == "character" else " "
    entries = _entries(words + _strange_words(words, _STRANGERS))
    return Vocabulary(len(words), 0, entries, _STRANGERS, min(length, 512), joint)


def _short(words: Sequence[str]) -> list[str]:
    """Return the words that are not absurdly long, or the shortest of all."""
    return [word for word in words if len(word) <= _LONGEST] or [min(words, key=len)]


def _entries(words: Sequence[str]) -> Any:
    """Return words as an array of references: fixed widths would be that of the longest."""
    return np.array(words, dtype=object)


def _strange_words(known: Sequence[Any], count: int) -> list[str]:
    """Return words that are not among the known ones."""
    taken = set(map(str, known))
    found = (f"unknown{number}" for number in range(count + len(taken)))
    return [word for word in found if word not in taken][:count]
