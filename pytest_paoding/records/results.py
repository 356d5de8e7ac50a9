"""The record of one gate: frozen, comparable, and the same after a trip through JSON.

Records cross process borders (workers) and are stored (documents, manifests), so their plain form
holds nothing but text, numbers, booleans, None, lists and dicts with text keys.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.artifact_record import Artifact
from pytest_paoding.records.budgets import FAILING, Check, Level, Limit, Outcome, Verdict
from pytest_paoding.records.evidence.breakdown import Breakdown
from pytest_paoding.records.formats import parted
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import KNOWN, Direction, Metric
from pytest_paoding.records.note import notes_from_dict, notes_to_dict
from pytest_paoding.records.plan import LayerResult, explained
from pytest_paoding.records.text.printing import Shown, screenful
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.records.text.targets import Target

SCHEMA = "pytest-paoding/1"
"""Name and version of the layout of everything this package writes."""

DEFAULT = "built-in"
"""Source of the settings that no source gives."""


@dataclass(frozen=True, slots=True, repr=False)
class Setting(Shown):
    """An effective value and its source."""

    value: Any
    source: str

    def __str__(self) -> str:
        return f"{self.value} ({self.source})"


@dataclass(frozen=True, slots=True, repr=False)
class Trial(Shown):
    """One of several ratios tried: its outcome, and the value that each budget was held to."""

    ratio: float
    outcome: Outcome
    found: Mapping[str, float | None] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"ratio {self.ratio:g} {self.outcome.word}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GateResult(Shown):
    """What one gate found.

    Attributes:
        name: The gate's name, also that of its artifact.
        outcome: The answer; it alone decides the item's result and the exit status.
        nodeid: The test item that ran the gate.
        reason: Why the gate is unjudged, skipped or crashed; one line.
        source: The model's file, where it came from one.
        digest_before: `sha256:...` over architecture and weights of the original model.
        digest_after: The same of the pruned model.
        settings: Every effective setting with its source.
        metrics: What was measured, by metric name; per attack strength as `NAME@EPSILON`,
            of an exported file as `NAME@FORMAT`.
        checks: Every budget that was judged.
        layers: What happened to every layer that has units.
        artifact: What became of the pruned model's file; None where none was wanted or written.
        forced: The reason given for publishing an over-budget model.
        attempts: Which run of the test item this is, from 1.
        worker: The xdist worker that ran the gate.
        duration: Seconds the gate took.
        spent: How they were spent, by what was being done.
        versions: Versions of the engine's packages.
        machine: The kind of machine the gate ran on, such as `Linux x86_64`.
        sweep: The name that this gate competes for with others of the same sweep over ratios.
        trials: Ratios that the search has tried, in that order.
        reused: Whether all work was found in the store, done by an earlier gate.
        notes: Further remarks on the pruning and the comparison, a line each.
        breakdown: What averages hide; None where it was not looked for.
        better: Which values are better, "lower" or "higher", of metrics not of this package.
    """

    name: str
    outcome: Outcome
    nodeid: str = ""
    reason: str | None = None
    source: str | None = None
    digest_before: str | None = None
    digest_after: str | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)
    metrics: Mapping[str, Measurement] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    layers: tuple[LayerResult, ...] = ()
    artifact: Artifact | None = None
    forced: str | None = None
    attempts: int = 1
    worker: str | None = None
    duration: float = 0.0
    spent: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: str | None = None
    sweep: str | None = None
    trials: tuple[Trial, ...] = ()
    reused: bool = False
    notes: tuple[str, ...] = ()
    breakdown: Breakdown | None = None
    better: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        checks = [check for check in self.checks if check.verdict is not Verdict.MISSED]
        rest = [f"  {each}" for each in (*checks, self.artifact) if each is not None]
        return screenful([f"{self.name} {self.headline}", *rest])

    @property
    def grounds(self) -> str:
        """What the outcome rests on, in one line: the reason, or every missed budget."""
        told = [self.reason, f"forced: {self.forced}" if self.forced else None]
        told += [check.relation for check in self.checks if check.verdict is Verdict.MISSED]
        return "; ".join(filter(None, told))

    @property
    def untouched(self) -> bool:
        """Whether no unit was removed and no weight set to zero, of layers that have some."""
        sparsity = self.settings.get("sparsity")
        whole = all(layer.kept == layer.units for layer in self.layers)
        return bool(self.layers) and whole and not (sparsity and sparsity.value)

    @property
    def word(self) -> str:
        """The status word in every report: that of the outcome, unless nothing was to prune."""
        kept = self.outcome is Outcome.WITHIN_BUDGET and self.untouched
        return "UNCHANGED" if kept else self.outcome.word

    @property
    def headline(self) -> str:
        """The outcome and its grounds in one line."""
        return ": ".join(filter(None, (self.word, self.grounds)))

    @property
    def failed(self) -> bool:
        """Whether the test item must fail because of this gate."""
        return self.outcome in FAILING

    @property
    def published(self) -> bool:
        """Whether the pruned model is in its place now."""
        return self.artifact is not None and self.artifact.published

    @property
    def ratio(self) -> float | None:
        """The ratio it was pruned at, where one is known."""
        found = self.settings.get("ratio")
        return found.value if found is not None and isinstance(found.value, float) else None

    @property
    def target(self) -> Target | None:
        """What was to stay of the model; None where a ratio was given."""
        found = self.settings.get("target")
        return None if found is None else found.value

    def explain(self) -> str:
        """Return a table: each layer's units before and after, chosen how, and why not more."""
        return explained(self.layers)

    def published_at(self, path: str) -> GateResult:
        """Return the record after its file was published."""
        return self._with_artifact(path=path, published=True, reason=None)

    def unpublished(self, reason: str) -> GateResult:
        """Return the record after its file was given up."""
        return self._with_artifact(published=False, reason=reason)

    def _with_artifact(self, **changes: Any) -> GateResult:
        if self.artifact is None:
            return self
        return replace(self, artifact=replace(self.artifact, **changes))

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {
            **plain,
            "outcome": self.outcome.value,
            "model": {
                "source": self.source,
                "digest": self.digest_before,
                "pruned_digest": self.digest_after,
            },
            "settings": {key: asdict(setting) for key, setting in self.settings.items()},
            "metrics": {name: found.to_dict() for name, found in self.metrics.items()},
            "checks": [_check_to_dict(check) for check in self.checks],
            "layers": [asdict(layer) for layer in self.layers],
            "artifact": None if self.artifact is None else self.artifact.to_dict(),
            "versions": dict(self.versions),
            "trials": [
                {"ratio": trial.ratio, "outcome": trial.outcome.value, "found": dict(trial.found)}
                for trial in self.trials
            ],
            **notes_to_dict(self.notes),
            "breakdown": None if self.breakdown is None else self.breakdown.to_dict(),
            "better": dict(self.better),
            "spent": dict(self.spent),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> GateResult:
        """Return the record whose plain form is `plain`."""
        artifact, breakdown = plain["artifact"], plain.get("breakdown")  # not of old
        return cls(
            **{name: plain[name] for name in _PLAIN},
            outcome=Outcome(plain["outcome"]),
            source=plain["model"]["source"],
            digest_before=plain["model"]["digest"],
            digest_after=plain["model"]["pruned_digest"],
            settings={key: Setting(**setting) for key, setting in plain["settings"].items()},
            metrics={
                name: Measurement.from_dict(found) for name, found in plain["metrics"].items()
            },
            checks=tuple(_check_from_dict(check) for check in plain["checks"]),
            layers=tuple(LayerResult(**layer) for layer in plain["layers"]),
            artifact=None if artifact is None else Artifact.from_dict(artifact),
            versions=plain["versions"],
            trials=tuple(
                Trial(trial["ratio"], Outcome(trial["outcome"]), trial["found"])
                for trial in plain["trials"]
            ),
            notes=notes_from_dict(plain),
            breakdown=None if breakdown is None else Breakdown.from_dict(breakdown),
            better=plain.get("better", {}),
            spent=plain.get("spent", {}),
        )


_PLAIN = (
    "name",
    "nodeid",
    "reason",
    "forced",
    "attempts",
    "worker",
    "duration",
    "machine",
    "sweep",
    "reused",
)
"""Fields of `GateResult` that are plain as they are."""


def _check_to_dict(check: Check) -> dict[str, Any]:
    limit = check.limit
    return {
        "metric": check.name,
        "budget": limit.key,
        "unit": limit.metric.unit.value,
        "sides_unit": limit.metric.sides.value,
        "direction": limit.metric.direction.value,
        "operator": limit.metric.operator,
        "limit": limit.value,
        "level": limit.level.value,
        "source": limit.source,
        "verdict": check.verdict.value,
        "passed": check.verdict is Verdict.PASSED,
        "confidence": limit.confidence,
        **check.measurement.to_dict(limit.confidence),
    }


def _check_from_dict(plain: Mapping[str, Any]) -> Check:
    name, file_format = parted(plain["metric"])
    base, epsilon, _ = name.partition("@")
    metric = KNOWN.get(base) or Metric(
        base,
        Direction(plain["direction"]),
        Unit(plain["unit"]),
        Unit(plain["sides_unit"]),
        per_epsilon=bool(epsilon),
    )
    part = parted(plain["budget"])[0].partition("@")[2] if metric.per_score else ""
    return Check(
        name=plain["metric"],
        limit=Limit(
            metric,
            plain["limit"],
            Level(plain["level"]),
            plain["source"],
            plain["confidence"],
            file_format,
            part or None,
        ),
        measurement=Measurement.from_dict(plain),
        verdict=Verdict(plain["verdict"]),
    )
