"""What leaves a model: per layer the units before, the units kept, and why not more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """What happens to one layer that has units.

    Attributes:
        name: The layer's name; inside nested models the path of names, joined by `/`.
        units: Number of units (channels, neurons) before.
        kept: Indices of the units that stay, ascending.
        criterion: How the units were chosen (`magnitude`, `saliency`, ...); None where all stay.
        reason: Why the layer was left alone, or what kept it from shrinking more.
        delegates: Pairs (removed unit, kept unit): the second takes over the outgoing weights of
            the first, which are added to its own.
    """

    name: str
    units: int
    kept: tuple[int, ...]
    criterion: str | None = None
    reason: str | None = None
    delegates: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to every layer that has units, in the order the model calls them."""

    layers: tuple[LayerPlan, ...]

    def __getitem__(self, name: str) -> LayerPlan:
        """Return the plan of the layer called `name`."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)
