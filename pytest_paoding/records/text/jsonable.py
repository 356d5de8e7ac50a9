"""Values that survive JSON and process borders: Python's own numbers, text, lists and dicts."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.text.printing import Shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_paoding.records.measurement import Measurement

_SETTINGS = "settings"
"""The key of settings by name in every document that holds any."""


def plain_measurement(measurement: Measurement) -> Measurement:
    """Return a measurement in Python numbers; a value that is not finite becomes undefined."""
    before, after, found = (
        _number(value) for value in (measurement.before, measurement.after, measurement.found)
    )
    reason = measurement.reason
    if found is None and reason is None:
        reason = "is undefined" if measurement.found is None else "is not a finite number"
    return replace(measurement, before=before, after=after, found=found, reason=reason)


def is_finite(value: Any) -> bool:
    """Whether a number is one that a float can be: no NaN, and no integer beyond its range."""
    return bool(-sys.float_info.max <= value <= sys.float_info.max)


def _number(value: Any) -> float | None:
    if value is None or not is_finite(value):
        return None
    return int(value) if isinstance(value, Integral) else float(value)


def plain_value(value: Any) -> Any:
    """Return a setting's value with lists for tuples; of other objects a text, or their type."""
    if isinstance(value, (tuple, list)):
        return [plain_value(each) for each in value]
    if isinstance(value, dict):
        return {key: plain_value(each) for key, each in value.items()}
    if isinstance(value, Shown):
        return str(value)
    return value if isinstance(value, (str, int, float, type(None))) else type(value).__name__


def portable(path: Path, root: Path) -> str:
    """Return a path for documents: relative where it can be, with forward slashes."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def one_line(text: str) -> str:
    """Return a text of unknown origin as one printable line."""
    return text if text.isprintable() else repr(text)


def to_json(content: Mapping[str, Any]) -> str:
    """Return strict JSON with sorted keys: text that differs only where the content does.

    What stands in a setting keeps its order, which may count: the first pattern that matches does.

    Halves of characters, as names of files may hold, are no text that other programs could read:
    they become escapes, as Python writes them.
    """
    text = json.dumps(_written(content), indent=2, allow_nan=False)
    return text.replace("##", r"#\u0023") + "\n"  # it may be printed, where ##[ is a command


def _written(value: Any, *, order_counts: bool = False, of_settings: bool = False) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        keys = value if order_counts else sorted(value)
        kept = order_counts or of_settings
        return {
            _written(key): _written(value[key], order_counts=kept, of_settings=key == _SETTINGS)
            for key in keys
        }
    if isinstance(value, (list, tuple)):
        return [_written(each, order_counts=order_counts) for each in value]
    return value
