"""The skeleton of a module whose functions return the data to judge on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.text.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_paoding.records.readings.model_facts import InputFacts, ModelFacts, OutputFacts

MODULE = "paoding_data"
FILE = f"{MODULE}.py"

_HEAD = '''"""What pruned models are judged on: let each function return inputs and labels.

Gates call these functions when they run (pytest --paoding); pruning never sees what they return.
Samples that the training has not seen tell the most, and several hundred tell enough.
"""
'''
_LABELS = {
    "classes": "class numbers, shape (samples,), or one-hot rows",
    "binary": "0 or 1, shape (samples,)",
    "multilabel": "0 or 1 for each label",
    "positions": "a class number for every position",
    "regression": "values",
    "reconstruction": "values, or None for the inputs themselves",
    "any": "labels, if there are some; else return the inputs alone",
}


def skeleton(functions: Mapping[str, tuple[str, ModelFacts]]) -> str:
    """Return the text of the module.

    Args:
        functions: For each function the path of the model, and what is known of it.
    """
    parts = (_function(name, path, facts) for name, (path, facts) in functions.items())
    return "\n\n".join((_HEAD, *parts))


def _function(name: str, path: str, facts: ModelFacts) -> str:
    lines = [
        f"def {name}():",
        f'    """Return (x, y) for {_plain(path)}.',
        "",
        *_described("x", [_input(each) for each in facts.inputs]),
        *_described("y", [_output(each) for each in facts.outputs]),
        '    """',
        f'    raise NotImplementedError("let {name}() in {FILE} return (x, y), inputs and labels")',
    ]
    return "\n".join(lines) + "\n"


def _described(name: str, ports: Sequence[str]) -> list[str]:
    """Return lines on what one of both holds: one thing, or several by name."""
    if len(ports) == 1:
        return [f"    {name}: {ports[0]}"]
    return [f"    {name}: a dict of", *(f"        {port}" for port in ports)]


def _input(fact: InputFacts) -> str:
    held = "" if fact.looked_up else f" in {fact.low:g} to {fact.high:g}" * bool(fact.why)
    return f"{_plain(fact.name)}, {_shape(fact.shape)}, {fact.dtype}: {fact.kind}{held}"


def _output(fact: OutputFacts) -> str:
    labels = f"{_LABELS[fact.task]}; the model gives {_shape(fact.shape)}"
    return f"{_plain(fact.name)}, {fact.task}: {labels}"


def _shape(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join(('samples', *('any' if each is None else str(each) for each in shape)))})"


def _plain(text: str) -> str:
    """Return a name of unknown origin as a docstring may hold it."""
    return printable(text).replace("\\", "/").replace('"', "'")
