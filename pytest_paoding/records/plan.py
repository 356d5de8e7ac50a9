"""Plans of a pruning: the units of each layer before and after, and why not fewer stay."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import SurgeryError
from pytest_paoding.records.files.digests import sha256_of
from pytest_paoding.records.files.leftovers import own_folder
from pytest_paoding.records.plans.fitted_weights import StoredWeights, text_of, whole_of
from pytest_paoding.records.plans.plan_files import (
    owns,
    require_free,
    weights_beside,
)
from pytest_paoding.records.text.escapes import as_line, printable
from pytest_paoding.records.text.printing import Shown
from pytest_paoding.records.text.strict_json import bounded_bytes, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.records.plans.fitted_weights import FittedWeights

FORMAT = 2
_MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


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
            SurgeryError: `kept` or `delegates` name units that the layer does not have, or it has
                fewer than none.
        """
        if self.units < 0:
            raise SurgeryError(f"plan of layer {self.name!r}: it has {self.units} units")
        ascending = all(one < two for one, two in zip(self.kept, self.kept[1:], strict=False))
        if not ascending or not all(0 <= unit < self.units for unit in self.kept):
            raise SurgeryError(f"plan of layer {self.name!r}: `kept` must ascend in its units")
        kept = set(self.kept)
        if not all(
            0 <= gone < self.units and gone not in kept and delegate in kept
            for gone, delegate in self.delegates
        ):
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
        fitted: The weights that were fitted freely, in the shapes that are left; None for none.

    Example:
        >>> plan = Plan((LayerPlan("a", 3, (0, 2), "magnitude"), LayerPlan("b", 2, (0, 1))))
        >>> plan
        <Plan: 5 units -> 4, 1 of 2 layers shrinks>
        >>> Plan.from_json(plan.to_json()) == plan
        True
    """

    layers: tuple[LayerPlan, ...]
    mixing: str = "exact"
    fitted: FittedWeights | None = None

    def __getitem__(self, name: str) -> LayerPlan:
        """Return the plan of the layer called `name`."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def __repr__(self) -> str:
        """Return the numbers of units before and after, and of layers that shrink."""
        before, after = (
            sum(layer.units for layer in self.layers),
            sum(len(layer.kept) for layer in self.layers),
        )
        shrunk = sum(len(layer.kept) < layer.units for layer in self.layers)
        verb = "shrinks" if shrunk == 1 else "shrink"
        fitted = f", {len(self.fitted.names)} weights fitted" if self.fitted else ""
        return (
            f"<Plan: {before} units -> {after}, {shrunk} of {len(self.layers)} layers {verb}"
            f"{fitted}>"
        )

    def __str__(self) -> str:
        """Return the table of layers."""
        return self.explain()

    def explain(self) -> str:
        """Return a table: each layer's units before and after, chosen how, and why not more.

        >>> reason = "it is an output of the model"
        >>> hidden = LayerPlan("hidden", 8, (0, 1, 5), "impact")
        >>> print(Plan((hidden, LayerPlan("out", 2, (0, 1), reason=reason))).explain())
        layer   before  after  chosen by  why not more
        hidden       8      3  impact
        out          2      2             it is an output of the model
        """
        return explained(layers_of(self))

    def save(self, path: str | Path) -> None:
        """Write the plan to a JSON file, and fitted weights beside it, with the ending `.npz`.

        Each file is replaced in one step; a plan is told apart from weights that are not its own.
        Nothing but an earlier plan and its own weights is replaced.

        Raises:
            SurgeryError: `path` has the ending of the weights, or a file would be lost that is no
                plan's.
            OSError: A file cannot be written.
        """
        path = Path(path)
        sha256 = None
        require_free(path, fitted=self.fitted is not None)
        outdated = self.fitted is None and owns(path, weights_beside(path))
        with own_folder(".plan-", within=path.parent) as folder:
            staged = folder / path.name
            if self.fitted is not None:
                self.fitted.save(weights_beside(staged))
                sha256 = sha256_of(weights_beside(staged))
                weights_beside(staged).replace(weights_beside(path))
            staged.write_text(self._document(sha256), encoding="utf-8")
            staged.replace(path)
        if outdated:
            weights_beside(path).unlink()

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Return the plan that `save` wrote; its fitted weights are read once it is applied.

        Raises:
            SurgeryError: The file is no plan, or its weights are missing; one line.
            OSError: The file cannot be read.
        """
        path = Path(path)
        try:
            plan = cls._of(bounded_bytes(path))
        except SurgeryError as error:
            raise SurgeryError(f"{path}: {error}") from error
        if not isinstance(plan.fitted, StoredWeights):
            return plan
        weights = weights_beside(path)
        if not weights.is_file():
            raise SurgeryError(f"{weights}: the weights fitted beside this plan are missing")
        return replace(plan, fitted=replace(plan.fitted, path=weights))

    def to_json(self) -> str:
        """Return the plan as a JSON document, which names fitted weights but does not hold them."""
        return self._document(
            self.fitted.sha256 if isinstance(self.fitted, StoredWeights) else None
        )

    def _document(self, sha256: str | None) -> str:
        fitted = self.fitted and {"names": self.fitted.names, "sha256": sha256}
        layers = [asdict(layer) for layer in self.layers]
        return json.dumps(
            {"format": FORMAT, "layers": layers, "mixing": self.mixing, "fitted": fitted}
        )

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Return the plan of a JSON document that `to_json` made.

        Raises:
            SurgeryError: The text is no such document.
        """
        return cls._of(text.encode(errors="surrogatepass"))

    @classmethod
    def _of(cls, content: bytes) -> Plan:
        try:
            document = value_of(content)
            if document.pop("format") != FORMAT:
                raise SurgeryError(f"a plan of another format than {FORMAT}: make it anew")
            layers = tuple(_layer_plan(each) for each in document.pop("layers"))
            fitted = document.pop("fitted")
            stored = None if fitted is None else StoredWeights.read(**fitted)
            text_of(document.get("mixing", ""))
            return cls(layers, **document, fitted=stored)
        except _MALFORMED as error:
            raise SurgeryError(f"not a plan in JSON: {type(error).__name__}: {error}") from error


@dataclass(frozen=True, slots=True, repr=False)
class LayerResult(Shown):
    """What happened to one layer.

    Attributes:
        name: Its name.
        units: Number of its units before.
        kept: Number of those that stayed.
        criterion: How they were chosen.
        reason: Why not fewer stayed.
        flops: Floating-point operations of one sample before; None where they are not counted.
        flops_kept: The same after.
    """

    name: str
    units: int
    kept: int
    criterion: str | None = None
    reason: str | None = None
    flops: int | None = None
    flops_kept: int | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.units} -> {self.kept} units"


def layers_of(plan: Plan) -> tuple[LayerResult, ...]:
    """Return the layers of a plan with numbers of units in place of the units themselves."""
    return tuple(
        LayerResult(layer.name, layer.units, len(layer.kept), layer.criterion, layer.reason)
        for layer in plan.layers
    )


def explained(layers: Iterable[LayerResult]) -> str:
    """Return layers as a table: name, units before and after, criterion and reason."""
    cells = [("layer", "before", "after", "chosen by", "why not more")]
    cells += [
        (
            printable(each.name),  # it may be that of a file
            str(each.units),
            str(each.kept),
            printable(each.criterion or ""),
            printable(each.reason or ""),
        )
        for each in layers
    ]
    one, two, three, four, _ = (max(map(len, column)) for column in zip(*cells, strict=True))
    return "\n".join(
        as_line(f"{name:<{one}}  {before:>{two}}  {after:>{three}}  {how:<{four}}  {why}".rstrip())
        for name, before, after, how, why in cells
    )


def _layer_plan(fields: dict[str, Any]) -> LayerPlan:
    kept = tuple(whole_of(unit) for unit in fields.pop("kept"))
    delegates = tuple((whole_of(gone), whole_of(heir)) for gone, heir in fields.pop("delegates"))
    plan = LayerPlan(**fields, kept=kept, delegates=delegates)
    whole_of(plan.units)
    text_of(plan.name)
    for each in (plan.criterion, plan.reason):
        if each is not None:
            text_of(each)
    return plan
