"""What became of one draw: pruned, proved and judged, or refused in one line, or a fault."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
import traceback
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.graph.functional import is_nested
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.errors import PaodingError
from support.any_models import asked
from support.any_models.chance import Chance
from support.any_models.drawn_model import Drawn, drawn_model

if TYPE_CHECKING:
    from collections.abc import Iterator

JUDGED, PRUNED, REFUSED, CRASHED = "judged", "pruned, not judged", "refused", "crashed"


@dataclass(frozen=True)
class Outcome:
    """The end of one draw.

    Attributes:
        number: The number that it was drawn by.
        kind: How it ended, where nothing is wrong.
        line: The line of a refusal.
        fault: What must not be: a traceback, a refusal of another form, something printed.
        asked: What was asked of the pruning.
    """

    number: int
    kind: str
    line: str = ""
    fault: str = ""
    asked: Any = None


def outcome_of(number: int, options: dict[str, Any] | None = None) -> Outcome:
    """Draw a model, prune it and judge it as a gate does."""
    chance, drawn = draw(number)
    engine = KerasEngine()
    settings = {**asked.pruning(chance, drawn), **(options or {})}
    shown = {key: each for key, each in settings.items() if key != "calibration"}
    variables = drawn.model.variables
    before = [each.numpy().tobytes() for each in variables]
    kind, line, fault = REFUSED, "", ""
    try:
        with _nothing_said() as said:
            try:
                pruned = engine.prune(drawn.model, **settings)
                kind = PRUNED
                _judge(engine, chance, drawn, pruned.model)
                kind = JUDGED
            except PaodingError as error:
                line = str(error)
                fault = _fault_of(line, drawn.model)
    except Exception:  # noqa: BLE001 # any is a fault, and is shown
        return Outcome(number, CRASHED, fault=traceback.format_exc(), asked=shown)
    if said:
        fault += f"said: {' | '.join(said)}"
    pairs = zip(variables, before, strict=True)
    if changed := [each.path for each, values in pairs if each.numpy().tobytes() != values]:
        fault += f"the user's model was changed: {', '.join(changed)}"
    return Outcome(number, kind, line, fault, shown)


def draw(number: int) -> tuple[Chance, Drawn]:
    """Draw a model; where what was drawn makes none, draw again."""
    for again in count():
        chance = Chance(number + 1_000_000 * again)
        with warnings.catch_warnings(), suppress(Exception):
            warnings.simplefilter("ignore")  # of Keras, on what is built here
            return chance, drawn_model(chance)
    raise AssertionError


def _judge(engine: KerasEngine, chance: Chance, drawn: Drawn, pruned: Any) -> None:
    samples = len(keras.tree.flatten(drawn.inputs)[0])
    data = drawn.inputs, asked.labels(chance, drawn.model, samples)
    engine.evaluate(drawn.model, pruned, data, **asked.judging(chance))
    engine.layer_flops(pruned)
    with tempfile.TemporaryDirectory() as folder:
        engine.save(pruned, Path(folder) / "pruned.keras")


def _fault_of(line: str, model: Any) -> str:
    """Return what a refusal lacks: one line, a name, a remedy in place of a report."""
    if "\n" in line:
        return "is not one line"
    if "report this" in line:
        return "asks for a report"
    if not any(name in line for name in _names(model)):
        return "names nothing of the model"
    return ""


def _names(model: Any) -> Iterator[str]:
    yield model.name
    yield from getattr(model, "output_names", [])
    for structure in () if isinstance(model, keras.Sequential) else (model.input, model.output):
        if isinstance(structure, dict):
            yield from structure
    for layer in getattr(model, "operations", model.layers):
        yield layer.name
        if is_nested(layer):
            yield from _names(layer)


_LIBRARY = re.compile(r"[IWEF]\d{4} .*\.cc:\d+\]")
"""A line in the log of TensorFlow's own library, which the engine starts without."""


@contextmanager
def _nothing_said() -> Iterator[list[str]]:
    """Collect warnings, log records, and what is written to standard output and error."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(f"log: {record.getMessage()}")  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    tensorflow = logging.getLogger("tensorflow")
    tensorflow.addHandler(handler)
    with tempfile.TemporaryFile() as kept, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        saved = {number: os.dup(number) for number in (1, 2)}
        sys.stdout.flush()
        sys.stderr.flush()
        for number in saved:
            os.dup2(kept.fileno(), number)
        try:
            yield said
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, copy in saved.items():
                os.dup2(copy, number)
                os.close(copy)
            kept.seek(0)
            written = kept.read().decode(errors="replace").strip()
            said += [f"warning: {each.category.__name__}: {each.message}" for each in caught]
            lines = [line for line in written.splitlines() if not _LIBRARY.match(line)]
            said += [f"written: {line}" for line in lines[:4]]
            root.removeHandler(handler)
            tensorflow.removeHandler(handler)
