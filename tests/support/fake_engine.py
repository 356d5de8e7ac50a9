"""An engine of plain arithmetic, to test the pytest and gate sides without TensorFlow.

A fake model is a JSON file: units by layer, and the facts that evaluating it and its pruned version
gives. Pruning, digests, sizes and files are real in a small way.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import (
    DataError,
    EvaluationError,
    ExportError,
    ModelFileError,
    PruningError,
)
from pytest_paoding.records.evidence import Contrast, Evidence
from pytest_paoding.records.evidence.breakdown import Breakdown, Flip
from pytest_paoding.records.measurement import Evaluation, Measurement
from pytest_paoding.records.plan import LayerPlan, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_paoding.records.protocol import InputShape


@dataclass(frozen=True)
class FakeModel:
    """Attributes: units by layer; facts: accuracy and robust accuracies as (before, after)."""

    layers: dict[str, int]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        return 10 * sum(self.layers.values())


@dataclass(frozen=True)
class FakeOpened:
    model: FakeModel
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FakePruned:
    model: FakeModel
    plan: Plan
    notes: tuple[str, ...] = ()
    ratio: float | None = None


@dataclass
class FakeExamined:
    """The data, and shapes of inputs whose lengths a model leaves open."""

    data: Any
    shapes: dict[str, Any]


@dataclass
class FakeEngine:
    """Attributes: pause between blocks of a file; calls for inspection; formats without package."""

    pause: float = 0.0
    calls: list[str] = field(default_factory=list)
    missing: tuple[str, ...] = ()

    def load_model(self, path: Path) -> FakeModel:
        self.calls.append("load_model")
        try:
            content, _ = json.JSONDecoder().raw_decode(path.read_text())
        except FileNotFoundError:
            raise ModelFileError(f"{path.name}: there is no such file") from None
        except ValueError:
            raise ModelFileError(f"{path.name}: is not a Keras 3 file") from None
        return FakeModel(**content)

    def opened(self, model: FakeModel, **_: Any) -> FakeOpened:
        return FakeOpened(model)

    def digest(self, model: FakeModel) -> str:
        plain = json.dumps(model.__dict__, default=repr)  # lists for tuples, as in a file
        return "sha256:" + hashlib.sha256(plain.encode()).hexdigest()

    def identify(self, source: Any) -> str | None:
        if isinstance(source, FakeModel):
            return None if "custom" in source.facts else self.digest(source)
        return hashlib.sha256(source.read_bytes()).hexdigest() if source.is_file() else None

    def fingerprint(self, data: Any) -> str | None:
        return repr(data) if isinstance(data, (list, tuple, type(None))) else None

    def prune(
        self,
        model: FakeModel,
        *,
        ratio: float | None = None,
        target: Mapping[str, float] | None = None,
        progress: Any = None,
        **_: Any,
    ) -> FakePruned:
        self.calls.append("prune")
        if not model.layers:
            raise PruningError("nothing can be pruned: layer 'output' is the output")
        if "defect" in model.facts:
            raise RuntimeError(model.facts["defect"])
        if progress is not None:
            progress("pruning", 1, 1)
        if ratio is None:
            ratio = found_ratio(model, target or {})
        kept = {name: units - round(ratio * units) for name, units in model.layers.items()}
        plan = Plan(
            (
                *(
                    LayerPlan(name, units, tuple(range(kept[name])), "impact")
                    for name, units in model.layers.items()
                ),
                LayerPlan("output", 10, tuple(range(10)), reason="is an output"),
            )
        )
        notes = () if target is None else (f"target {dict(target)} met",)
        return FakePruned(replace(model, layers=kept), plan, notes, ratio)

    def look_early(self, path: Path, data: Any) -> Any:
        self.calls.append(f"look_early {path.name}")
        return data

    def examine(self, model: FakeModel, data: Any, **_: Any) -> FakeExamined:
        if "contradiction" in model.facts:
            raise DataError(model.facts["contradiction"])
        return FakeExamined(data, {"x": (len(data[0][0]),)} if "open" in model.facts else {})

    def evaluate(
        self,
        original: FakeModel,
        pruned: FakeModel,
        data: Any,
        *,
        files: Mapping[str, Path] | None = None,
        slices: Any = None,
        **_: Any,
    ) -> dict[str, Measurement]:
        self.calls.append("evaluate")
        before, after = original.parameters, pruned.parameters
        found = {
            "parameters": Measurement(before, after, after),
            "parameters_removed": Measurement(before, after, 1 - after / before),
        }
        if "refuse" in original.facts:
            raise EvaluationError(original.facts["refuse"])
        if data is None:
            return found
        if len(data[0]) == 0:
            raise DataError("the data is empty")
        facts = dict(original.facts)
        if "slope" in facts:  # accuracy falls with the share that was removed
            best = facts.get("accuracy", (0.9,))[0]
            facts["accuracy"] = best, best - facts["slope"] * (1 - after / before)
        if slices is not None:
            names = slices(*data)
            detail = f"worst of {len(set(names))} slices is slice {names[0]!r}"
            found["slice_decay"] = Measurement(0.9, 0.8, 0.1, None, detail)
        found |= _judged(facts) | _judged_files(facts, files or {})
        if "flips" not in facts:
            return found
        flips = tuple(Flip(index, "1", "2", "1", 3.5, "iVBORw0=") for index in facts["flips"])
        return Evaluation(found, Breakdown(flipped=len(flips), flips=flips))

    def output_shift(self, original: FakeModel, *_: FakePruned, **__: Any) -> Measurement:
        return Measurement(found=original.facts.get("shift", 0.5))

    def layer_flops(
        self,
        model: FakeModel,
        input_shape: InputShape | None = None,  # noqa: ARG002 - as of every engine
    ) -> dict[str, int | None]:
        return {name: 100 * units for name, units in model.layers.items()}

    def save(self, model: FakeModel, path: Path) -> int:
        self.calls.append("save")
        content = (json.dumps(model.__dict__) * (1 + model.parameters // 10)).encode()
        with path.open("wb") as file:
            for start in range(0, len(content), 256):
                file.write(content[start : start + 256])
                file.flush()
                time.sleep(self.pause)
        return len(content)

    def read_back(self, model: FakeModel, path: Path) -> FakeModel:
        self.calls.append("read_back")
        content, _ = json.JSONDecoder().raw_decode(path.read_text())
        assert FakeModel(**content) == FakeModel(**json.loads(json.dumps(model.__dict__)))
        unreadable = model.facts.get("unreadable", 0)
        if sum(model.layers.values()) <= unreadable:
            raise ModelFileError("cannot be loaded: layer 'dense' has no weights")
        return FakeModel(**content)

    def export(
        self, model: FakeModel, files: Mapping[str, Path], *, calibration: Any = None, **_: Any
    ) -> tuple[str, ...]:
        self.calls.append("export")
        for name, path in files.items():
            if name == model.facts.get("unexportable"):
                raise ExportError(f"the model cannot be exported as {name}: dense has no match")
            path.write_text(json.dumps({"format": name, "layers": model.layers}))
        given = "synthetic inputs" if calibration is None else "given inputs"
        return tuple(f"the {name} file saw {given}" for name in files if "int8" in name)

    def versions(self, formats: Sequence[str] = ()) -> dict[str, str]:
        found = {"tensorflow": "2.0", "keras": "3.0", "numpy": "2.0"}
        for name in formats:
            if name in self.missing:
                raise ExportError(f"format {name} needs a package, which is not installed")
            found[f"runtime of {name}"] = "1.0"
        return found

    def apply(self, model: FakeModel, plan: Plan) -> FakePruned:
        kept = {each.name: len(each.kept) for each in plan.layers if each.name in model.layers}
        return FakePruned(replace(model, layers=kept), plan)

    def must_move(self) -> bool:
        return False

    def settle(self, *, first: bool) -> None:
        self.calls.append(f"settle {first}")

    def registered(self) -> tuple[Any, ...]:
        return ()

    def hand_over(self, model: FakeModel, path: Path) -> dict[str, Any]:
        facts = dict(model.facts)
        made_of: dict[str, Any] = facts.pop("made of", {})
        path.write_text(json.dumps({"layers": model.layers, "facts": facts}))
        return made_of

    def take_over(self, path: Path, objects: Mapping[str, Any]) -> FakeModel:
        self.calls.append(f"take_over {sorted(objects)}")
        return self.load_model(path)


def found_ratio(model: FakeModel, target: Mapping[str, float]) -> float:
    """Return the least ratio that meets a target, of parameters only."""
    amount = target["parameters"]
    most = amount * model.parameters if amount < 1 else amount
    for hundredth in range(100):
        left = sum(n - round(n * hundredth / 100) for n in model.layers.values())
        if 0 < 10 * left <= most:
            return hundredth / 100
    raise PruningError("target is out of reach: the least is 10 parameters")


def _evidence(facts: dict[str, Any]) -> Evidence | None:
    changed = facts.get("changed")
    return Evidence(Contrast.DIFFERENCE, *changed) if changed else None


def _judged(facts: dict[str, Any]) -> dict[str, Measurement]:
    before, after = facts.get("accuracy", (0.9, 0.9))
    found = {
        "accuracy": Measurement(before, after, after),
        "accuracy_decay": Measurement(before, after, before - after, evidence=_evidence(facts)),
        "accuracy_retention": Measurement(before, after, after / before),
        "agreement": Measurement(found=facts.get("agreement", 0.99)),
    }
    for name, (old, new) in facts.get("scores", {}).items():
        found[name] = Measurement(old, new, new)
    if "worst class" in facts:
        old, new = facts["worst class"]
        detail = f"worst of 10 classes is class 3, 40 samples, {old:.4f} to {new:.4f}"
        found["class_accuracy_decay"] = Measurement(old, new, old - new, None, detail)
    for epsilon, (old, new) in facts.get("robust", {}).items():
        found[f"robust_accuracy@{epsilon}"] = Measurement(old, new, new, None, f"epsilon {epsilon}")
        found["robustness_retention"] = (
            Measurement(old, new, new / old, epsilon=float(epsilon))
            if old
            else Measurement(old, new, None, "no sample is robust before pruning")
        )
    return found


def _judged_files(facts: dict[str, Any], files: Mapping[str, Path]) -> dict[str, Measurement]:
    """Return metrics of real files: each is read, and loses the accuracy its facts give."""
    found = {}
    for name, path in files.items():
        assert json.loads(path.read_text())["format"] == name
        before, after = facts.get("accuracy", (0.9, 0.9))
        lost = facts.get("lost", {}).get(name, 0.0)
        scores = facts.get("scores of files", {}).get(name, facts.get("scores", {}))
        of_file = {**facts, "accuracy": (before, after - lost), "scores": scores}
        found |= {f"{metric}@{name}": value for metric, value in _judged(of_file).items()}
    return found
