"""The inputs of a model: what each is, how it is drawn, and the range of its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.tensors import is_floating
from pytest_paoding.engine.guard import undisturbed
from pytest_paoding.engine.inputs.followed_values import FollowedValues
from pytest_paoding.engine.inputs.input_settings import given_kinds, given_ranges, input_names
from pytest_paoding.engine.inputs.kernels.kernel_readings import input_reading
from pytest_paoding.engine.inputs.scales import Scale, scale_of, scale_of_vocabulary
from pytest_paoding.engine.inputs.screen import Screen
from pytest_paoding.engine.inputs.table_rows import lookups_of
from pytest_paoding.engine.inputs.vocabularies import Vocabulary, vocabulary_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.graph.types import BoolArray
    from pytest_paoding.engine.inputs.layouts import InputReading, Layout
    from pytest_paoding.engine.inputs.lookups import Lookups
    from pytest_paoding.records.protocol import InputKind, InputKinds, InputRange

_ASSUMED, _WAVES = (0.0, 1.0), (-1.0, 1.0)
_PLURALS = {"picture": "pictures", "sequence": "sequences", "volume": "volumes"}
_SENTENCE, _SERIES_RANK = 4, 2  # steps at least; axes: steps and features
_SHOWN = 4  # inputs that a note names, unless more are assumed
_READ_NOTHING = "choose a strategy that reads no inputs, such as 'magnitude'"


@dataclass(frozen=True, slots=True, eq=False)
class InputSource:
    """One input of a model.

    Attributes:
        name: Its name.
        tensor: Its tensor.
        kind: What it holds.
        layout: How it is drawn.
        scale: The range of its values; that of their numbers where it is read through a vocabulary.
        vocabulary: The values of tokens, where a layer knows them.
        given: Whether the user gave the range.
        lookups: What each position knows, where some are looked up, unless the vocabulary says it.
        known: The same, whatever range the user gave; None where nothing is looked up by number.
        called: What a note calls it, where its kind does not say it.
    """

    name: str
    tensor: Tensor
    kind: InputKind
    layout: Layout
    scale: Scale
    vocabulary: Vocabulary | None = None
    given: bool = False
    lookups: Lookups | None = None
    known: Lookups | None = None
    called: str = ""

    @property
    def is_sequence(self) -> bool:
        """Whether it holds series of features, or sentences rather than a category or two."""
        if self.kind == "sequence":
            return len(self.layout.shape) == _SERIES_RANK and is_floating(self.tensor)
        words = 0 if self.vocabulary is None else self.vocabulary.words
        return self.kind == "tokens" and prod((*self.layout.shape, words or 1)) >= _SENTENCE

    @property
    def numeric(self) -> bool:
        """Whether its values can be moved by a little; tokens cannot, whatever their dtype."""
        looked_up = self.known is not None and self.known.everywhere
        return is_floating(self.tensor) and self.vocabulary is None and not looked_up

    @property
    def fixed(self) -> BoolArray | None:
        """Mask of the positions that are looked up by number, of the input's shape; None if none.

        Halfway between two categories there is a third one, or nothing.
        """
        return None if self.known is None else self.known.looked_up

    @property
    def ends(self) -> tuple[Any, Any]:
        """Low and high, arrays that broadcast to its values where they differ by position."""
        low, high = (np.asarray(each, np.float32) for each in (self.scale.low, self.scale.high))
        return (low, high) if low.size > 1 else self.scale.ends

    def __str__(self) -> str:
        """Return what was taken for what, and from where."""
        if self.vocabulary is not None:
            know = "know" if ", " in self.scale.why else "knows"
            known = f"that {self.scale.why} {know}" if self.scale.why else "that no layer tells"
            return f"{self.name} holds tokens {known}"
        partly = self.lookups is not None and not self.lookups.everywhere
        low, high = self._of_the_rest
        others = "; others assumed: see input_range" if self.assumed else ""
        why = (
            f" (from {self.scale.why}{others})" if self.scale.why else " (assumed: see input_range)"
        )
        about = "about " if self.scale.typical else ""
        kind = self.called or _PLURALS.get(self.kind, self.kind)
        rows = f", beside rows of {self.lookups.why}" if self.lookups and partly else ""
        return f"{self.name} holds {kind} in {about}{low:g} to {high:g}{why}{rows}"

    @property
    def assumed(self) -> bool:
        """Whether nothing tells what range some of its positions have."""
        untold = self.scale.assumed
        if untold is None or self.given:
            return not (self.scale.why or self.given)
        return bool((untold & ~self._looked_up).any())

    @property
    def _looked_up(self) -> BoolArray:
        """Mask of the positions that are looked up, of the input's shape."""
        own = self.layout.own
        return np.zeros(own, bool) if self.lookups is None else self.lookups.looked_up

    @property
    def _of_the_rest(self) -> tuple[float, float]:
        """The least and the largest value of the positions that are told, but not looked up."""
        hidden = self._looked_up | (False if self.scale.assumed is None else self.scale.assumed)
        rest = next((~each for each in (hidden, self._looked_up) if not each.all()), hidden)
        ends = (
            np.broadcast_to(each, self.layout.own) for each in (self.scale.low, self.scale.high)
        )
        low, high = (each[rest] for each in ends)
        return float(low.min()), float(high.max())


@dataclass(frozen=True, slots=True, eq=False)
class InputSources:
    """All inputs of a model.

    Attributes:
        graph: The model's graph.
        by_tensor: Each input by its tensor, in order.
        screen: What keeps inputs out of samples; None where the model takes all of them.
    """

    graph: Graph
    by_tensor: Mapping[Tensor, InputSource]
    screen: Screen | None = None

    def screened(self, *, calibrated: bool) -> InputSources:
        """Return the same inputs with a screen for samples of them.

        Args:
            calibrated: Whether the user gave the samples.
        """
        told = "give others, or " if calibrated else ""
        if not calibrated and not all(source.given for source in self):
            told = "give the model's input_range, or "
        what = "inputs of the calibration" if calibrated else "drawn inputs"
        return replace(self, screen=Screen(self.graph, what, told + _READ_NOTHING))

    def __getitem__(self, tensor: Tensor) -> InputSource:
        """Return one of the inputs."""
        return self.by_tensor[tensor]

    def __iter__(self) -> Iterator[InputSource]:
        """Iterate over the inputs, in order."""
        return iter(self.by_tensor.values())

    @property
    def ranges(self) -> dict[Tensor, tuple[float, float]]:
        """Low and high of each input, over all its positions."""
        return {tensor: source.scale.ends for tensor, source in self.by_tensor.items()}

    @property
    def pictures(self) -> bool:
        """Whether one of the inputs holds pictures."""
        return any(source.kind == "picture" for source in self)

    @property
    def note(self) -> str | None:
        """What was read off the model or assumed, in one line; None where the user said it all.

        What was assumed comes first, and is never left out: that is what a user may have to say.
        """
        sources = [source for source in self if not source.given]
        assumed = [str(source) for source in sources if source.assumed]
        read = [str(source) for source in sources if not source.assumed]
        shown = [*assumed, *read][: max(_SHOWN, len(assumed))]
        if not shown:
            return None
        left = len(sources) - len(shown)
        return f"inputs: {'; '.join(shown)}{f'; and {left} more' if left else ''}"


def sources_of(
    graph: Graph, input_range: InputRange | None = None, input_kind: InputKinds | None = None
) -> InputSources:
    """Return what the inputs of a model are, as the user says or else as its first layers tell.

    Args:
        graph: The model's graph, its lengths settled.
        input_range: Low and high for all inputs, or for some by their names.
        input_kind: What all inputs hold, or some by their names.

    Cost: a run of the layers that scale an input, on three samples.

    Raises:
        PruningError: A range or kind makes no sense, or names no input.
    """
    names = input_names(graph.model)
    ranges = given_ranges(graph.model, input_range)
    kinds = given_kinds(graph.model, input_kind)
    found = {}
    with undisturbed():
        values = FollowedValues.of(graph)
        for name, tensor in zip(names, graph.inputs, strict=True):
            unranged = values if ranges.get(name) is None else None
            reading = input_reading(graph, tensor, kinds.get(name), unranged)
            found[tensor] = _source(values, tensor, name, reading, ranges.get(name))
        tables = {tensor: lookups_of(values, tensor) for tensor in found}
    of_all = not isinstance(input_range, Mapping) and not all(tables.values())
    for tensor, lookups in tables.items():
        if lookups is not None:
            narrowing = None if of_all else ranges.get(found[tensor].name)
            found[tensor] = _looked_up(found[tensor], lookups, narrowing)
    return InputSources(graph, found)


def _source(
    values: FollowedValues,
    tensor: Tensor,
    name: str,
    reading: InputReading,
    given: tuple[float, float] | None,
) -> InputSource:
    told = given is not None
    call = reading.call if reading.kind == "tokens" else None
    vocabulary = vocabulary_for(call, tensor.dtype)
    if vocabulary is not None:
        scale = scale_of_vocabulary(vocabulary, reading.call.name if reading.call else "")
        return InputSource(name, tensor, "tokens", reading.layout, scale, vocabulary, given=told)
    assumed = _WAVES if reading.kind == "audio" else _ASSUMED
    known = None if told else scale_of(values, tensor, reading, assumed)
    scale = Scale(*given, "input_range") if given else known or Scale(*assumed, "")
    read = (name, tensor, reading.kind, reading.layout, scale)
    return InputSource(*read, given=told, called=reading.called)


def _looked_up(
    source: InputSource, lookups: Lookups, given: tuple[float, float] | None
) -> InputSource:
    """Return a source whose values are those that tables know.

    Args:
        source: The source, without regard to the tables.
        lookups: What the tables know of each position.
        given: The range that the user gave for it, if any: for all inputs only where all are looked
            up, as else it was meant for the others.

    Raises:
        PruningError: The range holds nothing that is known.
    """
    vocabulary, known = source.vocabulary, lookups
    if vocabulary is not None and vocabulary.entries is not None:
        return source
    lookups = lookups.within(source.name, given) if given is not None else lookups
    if vocabulary is None or not lookups.everywhere:
        low, high = (np.asarray(each, np.float64) for each in (source.scale.low, source.scale.high))
        least, most = lookups.ends
        low = np.where(lookups.looked_up, least, low)
        high = np.where(lookups.looked_up, np.maximum(most, low + 0.5), high)
        why = lookups.why if lookups.everywhere else source.scale.why
        scale = replace(source.scale, low=low, high=high, why=why)
        return replace(source, scale=scale, lookups=lookups, known=known)
    whole = lookups.whole
    if whole is None:
        size = int(lookups.counts.max())
        some = replace(vocabulary, size=size, first=min(vocabulary.first, size - 1))
        high = np.maximum(lookups.high, lookups.low + 0.5)
        scale = Scale(lookups.low, high, lookups.why)
        return replace(source, scale=scale, vocabulary=some, lookups=lookups, known=known)
    return replace(source, **_of_whole(source, vocabulary, lookups.why, *whole), known=known)


def _of_whole(
    source: InputSource, vocabulary: Vocabulary, why: str, low: int, high: int
) -> dict[str, Any]:
    """Return the vocabulary and scale of tokens that are whole numbers in a range."""
    first = min(vocabulary.first, high) if low == 0 else low
    padding = vocabulary.padding
    keeps = padding is not None and low <= padding <= high
    same = (first, high + 1) == (vocabulary.first, vocabulary.size)
    return {
        "vocabulary": replace(
            vocabulary, size=high + 1, first=first, padding=padding if keeps else None
        ),
        "scale": source.scale if same else Scale(float(first), float(max(high, first + 1)), why),
    }
