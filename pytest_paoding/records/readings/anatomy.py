"""The anatomy of a model: its layers, the units that leave together, and what a ratio removes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerAnatomy:
    """One layer with weights or work.

    Attributes:
        name: Its name, with the names of the nested models around it.
        kind: Its class by name.
        shape: Shape of its first output without the batch; None where a length is not fixed.
        parameters: Number of its parameters.
        flops: Floating-point operations for one sample; None where they cannot be counted.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]
    parameters: int
    flops: int | None


@dataclass(frozen=True, slots=True)
class GroupAnatomy:
    """Units that may leave, and only in the same rows of all these layers.

    Attributes:
        producers: The layers that make the units.
        units: How many there are.
        carriers: Layers that hold weights for each unit and do not sum over them.
        readers: Layers that sum over the units, each with how many positions a unit has there.
        parts: Among how many parts one unit each must stay; none but behind splits and slices.
    """

    producers: tuple[str, ...]
    units: int
    carriers: tuple[str, ...]
    readers: tuple[tuple[str, int], ...]
    parts: int = 0


@dataclass(frozen=True, slots=True)
class RatioAnatomy:
    """What is left of a model when every group loses one share of its units.

    Attributes:
        ratio: The share.
        units: Units left, of those that may leave.
        parameters: Parameters left.
        flops: Floating-point operations left; None where they cannot be counted.
    """

    ratio: float
    units: int
    parameters: int
    flops: int | None


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A model as pruning sees it.

    Attributes:
        name: The model's name.
        inputs: For each input its name, shape without the batch, and dtype.
        whole: The model as it is: at ratio 0.
        layers: Layers with weights or work, in the order of their first calls.
        groups: Units that leave together, in the order of their producers.
        pinned: Layers whose units all stay, each with their number and the reason.
        ratios: What is left at some ratios, ascending.
    """

    name: str
    inputs: tuple[tuple[str, tuple[int | None, ...], str], ...]
    whole: RatioAnatomy
    layers: tuple[LayerAnatomy, ...]
    groups: tuple[GroupAnatomy, ...]
    pinned: tuple[tuple[str, int, str], ...]
    ratios: tuple[RatioAnatomy, ...]
