"""The text of a first [tool.paoding], with a comment on every line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.records.baseline import UPDATE
from pytest_paoding.records.text.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_paoding.cli.starting.first_limits import FirstLimit
    from pytest_paoding.records.readings.model_facts import InputFacts, ModelFacts, OutputFacts

_COLUMN = 40
"""Where comments begin, unless a line is longer."""
_RATIO = 'share of the units of every prunable layer to remove; "auto" searches'
_SAID = "as said to init"
_ARTIFACTS = "where models within budget are published"
_BASELINE = "paoding-baseline.json"
_COMPARED = f"to be told what got worse, with the last lines; write it with {UPDATE}"
_REGRESSION = (
    "",
    "# [tool.paoding.regression]",
    '# max_accuracy_drop = "1%"',
    '# max_size_increase = "5%"',
)
_FILL_IN = "returns what to judge on: fill it in"
_DATA = "returns what to judge on"


@dataclass(frozen=True, slots=True)
class FirstModel:
    """A model as its first table tells of it.

    Attributes:
        name: Name of its gate.
        path: Its file, relative to that of the settings.
        data: Reference to its data.
        filled: Whether that is there, and not a skeleton.
        facts: Its inputs and outputs.
        limits: Its budgets.
    """

    name: str
    path: str
    data: str
    filled: bool
    facts: ModelFacts
    limits: Sequence[FirstLimit]


def settings_text(models: Sequence[FirstModel], said: Mapping[str, Any]) -> str:
    """Return [tool.paoding] for some models.

    Args:
        models: The models.
        said: Ratio and other settings of all of them.
    """
    of_models = (line for each in models for line in _model(each))
    return "\n".join([*_head(said), *of_models, *_REGRESSION])


def _head(said: Mapping[str, Any]) -> Iterator[str]:
    yield "# Gates for pruned models: every key is explained by"
    yield "#   python -m pytest_paoding help configuration"
    yield "[tool.paoding]"
    for key, value in said.items():
        yield _line(key, value, _RATIO if key == "ratio" else _SAID)
    yield _line("artifacts", SETTINGS["artifacts"].default, _ARTIFACTS)
    yield _line("baseline", _BASELINE, _COMPARED, off=True)


def _model(model: FirstModel) -> Iterator[str]:
    table = f"tool.paoding.models.{_key(model.name)}"
    yield from ("", f"[{table}]", _line("path", model.path))
    yield _line("data", model.data, _DATA if model.filled else _FILL_IN)
    yield from (*_ranges(model.facts.inputs), *_tasks(model.facts.outputs))
    yield from ("", f"[{table}.budget]")
    for limit in model.limits:
        yield _line(limit.key, limit.value, limit.why, off=not limit.active)


def _ranges(inputs: Sequence[InputFacts]) -> Iterator[str]:
    """Yield the range of the inputs where the model tells it, and what to say where it does not."""
    numbers = [each for each in inputs if not each.looked_up]
    told = {each.name: [each.low, each.high] for each in numbers if each.why and each.exact}
    if told:
        only = len(inputs) == 1
        why = "; ".join(dict.fromkeys(each.why for each in numbers if each.name in told))
        yield _line(
            "input_range",
            next(iter(told.values())) if only else told,
            f"read off the model ({why})",
        )
    for each in numbers:
        if each.name in told:
            continue
        bounds = [each.low, each.high]
        value = bounds if len(inputs) == 1 else {each.name: bounds}
        yield _line("input_range", value, _open(each), off=True)


def _open(fact: InputFacts) -> str:
    """Return what there is to say of a range that is not set."""
    if fact.why:
        return f"read off the model ({fact.why}), for each position: no need to set it"
    return f"nothing in the model tells what {fact.name} may hold: say it, this is assumed"


def _tasks(outputs: Sequence[OutputFacts]) -> Iterator[str]:
    """Yield what to say of outputs that nothing tells the task of."""
    for each in outputs:
        if each.guessed:
            task = "regression" if len(outputs) == 1 else {each.name: "regression"}
            why = f"{each.name} is taken for {each.task}, but nothing tells: say it"
            yield _line("task", task, why, off=True)


def _line(key: str, value: Any, why: str = "", *, off: bool = False) -> str:
    text = f"{'# ' * off}{key} = {toml(value)}"
    return f"{text:<{_COLUMN}}# {printable(why)}" if why else text


def toml(value: Any) -> str:
    """Return a value as TOML writes it.

    >>> print(toml({"a b": [0.0, 255.0], "c": "5%"}))
    { "a b" = [0.0, 255.0], c = "5%" }
    """
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {toml(each)}' for key, each in value.items())} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml(name)
