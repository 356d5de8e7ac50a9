"""What leaves a model: per layer the units before, the units kept, and why not more."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import SurgeryError

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = 1


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """What happens to one layer that has units.

    Attributes:
        name: The layer's name; inside nested models and wrappers the path of names, joined by `/`.
            For units that are not the layer's outputs their kind follows, as in `mha:heads`.
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

    def __post_init__(self) -> None:
        """Refuse units that are not there or not in order.

        Raises:
            SurgeryError: `kept` or `delegates` name units that the layer does not have.
        """
        ascending = all(one < two for one, two in zip(self.kept, self.kept[1:], strict=False))
        if not ascending or not set(self.kept) <= set(range(self.units)):
            raise SurgeryError(f"plan of layer {self.name!r}: `kept` must ascend in its units")
        removed = set(range(self.units)) - set(self.kept)
        if not all(gone in removed and heir in self.kept for gone, heir in self.delegates):
            raise SurgeryError(
                f"plan of layer {self.name!r}: a delegate must be kept, and its nominee removed"
            )


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to every layer that has units, in the order the model calls them.

    Attributes:
        layers: One plan for each kind of units of each layer.
        mixing: How the model was read: `exact`, or `recompute` where units went through layers
            that compute statistics over them.
        refitted: Whether weights were also fitted anew, which a plan does not hold: then it tells
            what was done but cannot be applied again.

    Example:
        >>> plan = Plan((LayerPlan("a", 3, (0, 2), "magnitude"), LayerPlan("b", 2, (0, 1))))
        >>> Plan.from_json(plan.to_json()) == plan
        True
    """

    layers: tuple[LayerPlan, ...]
    mixing: str = "exact"
    refitted: bool = False

    def __getitem__(self, name: str) -> LayerPlan:
        """Return the plan of the layer called `name`."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def explain(self) -> str:
        """Return a table: each layer's units before and after, chosen how, and why not more.

        >>> reason = "it is an output of the model"
        >>> hidden = LayerPlan("hidden", 8, (0, 1, 5), "impact")
        >>> print(Plan((hidden, LayerPlan("out", 2, (0, 1), reason=reason))).explain())
        layer   before  after  chosen by  why not more
        hidden       8      3  impact
        out          2      2             it is an output of the model
        """
        return explained(
            (layer.name, layer.units, len(layer.kept), layer.criterion, layer.reason)
            for layer in self.layers
        )

    def to_json(self) -> str:
        """Return the plan as a JSON document."""
        return json.dumps({"format": FORMAT, **asdict(self)})

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Return the plan of a JSON document that `to_json` made.

        Raises:
            SurgeryError: The text is no such document.
        """
        try:
            document = json.loads(text)
            if document.pop("format") != FORMAT:
                raise SurgeryError(f"a plan of another format than {FORMAT}: make it anew")
            layers = tuple(_layer_plan(each) for each in document.pop("layers"))
            return cls(layers, **document)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise SurgeryError(f"not a plan in JSON: {type(error).__name__}: {error}") from error


def explained(rows: Iterable[tuple[str, int, int, str | None, str | None]]) -> str:
    """Return layers as a table: name, units before and after, criterion and reason."""
    cells = [("layer", "before", "after", "chosen by", "why not more")]
    cells += [
        (name, str(before), str(after), criterion or "", reason or "")
        for name, before, after, criterion, reason in rows
    ]
    one, two, three, four, _ = (max(map(len, column)) for column in zip(*cells, strict=True))
    return "\n".join(
        f"{name:<{one}}  {before:>{two}}  {after:>{three}}  {how:<{four}}  {why}".rstrip()
        for name, before, after, how, why in cells
    )


def _layer_plan(fields: dict[str, Any]) -> LayerPlan:
    kept = tuple(int(unit) for unit in fields.pop("kept"))
    delegates = tuple((int(gone), int(heir)) for gone, heir in fields.pop("delegates"))
    return LayerPlan(**fields, kept=kept, delegates=delegates)
