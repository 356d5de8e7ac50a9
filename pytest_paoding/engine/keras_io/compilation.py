"""How a model was compiled: the losses it was trained by and the metrics its team watches.

A file's losses and metrics are never built: a model is loaded uncompiled, and what its
configuration says of them is kept beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_paoding.errors import RAISED

_KEPT = "_paoding_compile_config"
_TELLING = ("loss", "metrics", "weighted_metrics")


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a model was compiled with; nothing where that is not known.

    Attributes:
        losses: The loss, as Keras writes it in a configuration, for each output; one loss for
            several outputs counts for all of them.
        metrics: The metrics of each output, likewise.
    """

    losses: tuple[Any, ...]
    metrics: tuple[tuple[Any, ...], ...]


def keep_compile_config(model: Any, config: Any) -> None:
    """Keep what a file says of how its model was compiled, beside the uncompiled model."""
    if isinstance(config, Mapping):
        object.__setattr__(model, _KEPT, _Kept(config))


def carry_compile_config(model: Any, other: Any) -> None:
    """Keep beside another model what is known of how a model was compiled, if anything."""
    keep_compile_config(other, _config_of(model))


def compiled_of(model: Any, outputs: Sequence[Sequence[str]]) -> Compiled:
    """Return how a model was compiled.

    Args:
        model: The model.
        outputs: All names of each output.
    """
    config = _config_of(model) or {}
    losses = _by_output(config.get("loss"), outputs)
    watched = _by_output(config.get("metrics"), outputs, several=True)
    weighted = _by_output(config.get("weighted_metrics"), outputs, several=True)
    metrics = (
        _flat(first) + _flat(second) for first, second in zip(watched, weighted, strict=True)
    )
    return Compiled(losses, tuple(metrics))


def judged_by(model: Any) -> Mapping[str, Any]:
    """Return the losses and metrics a model was compiled with; empty if it was not."""
    config = _config_of(model) or {}
    return {key: config[key] for key in _TELLING if config.get(key)}


def class_name_of(config: Any) -> str:
    """Return the class or function that a loss or metric is, empty where it is code."""
    if isinstance(config, str):
        return config
    if not isinstance(config, Mapping):
        return ""
    name, inner = config.get("class_name"), config.get("config")
    if name == "function":
        return inner if isinstance(inner, str) else ""
    return name if isinstance(name, str) and not name.startswith("__") else ""


def ignored_by(config: Any) -> int | None:
    """Return the class number that a loss leaves out, its `ignore_class`; None for none."""
    inner = config.get("config") if isinstance(config, Mapping) else None
    ignored = inner.get("ignore_class") if isinstance(inner, Mapping) else None
    whole = isinstance(ignored, (int, float)) and ignored == ignored // 1
    return int(ignored) if whole and ignored is not None else None


@dataclass(frozen=True, slots=True)
class _Kept:
    """A configuration that Keras does not track as a part of its model."""

    config: Mapping[str, Any]


def _config_of(model: Any) -> Mapping[str, Any] | None:
    kept = getattr(model, _KEPT, None)
    if isinstance(kept, _Kept):
        return kept.config
    if not getattr(model, "compiled", False):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a loss that is code: it is only looked at
            found = model.get_compile_config()
    except RAISED:  # a loss of the user's may refuse to be written down
        return None
    return found if isinstance(found, Mapping) else None


def _by_output(
    given: Any, outputs: Sequence[Sequence[str]], *, several: bool = False
) -> tuple[Any, ...]:
    """Return what is given for each output, by name, in order, or once for all."""
    if isinstance(given, Mapping) and "class_name" not in given:
        return tuple(next((given[n] for n in names if n in given), None) for names in outputs)
    if isinstance(given, (list, tuple)) and len(given) == len(outputs) and len(outputs) > 1:
        return tuple(given)
    if several or not isinstance(given, (list, tuple)):
        return (given,) * len(outputs)
    return (given[0] if len(given) == 1 else None,) * len(outputs)


def _flat(given: Any) -> tuple[Any, ...]:
    if given is None:
        return ()
    return tuple(given) if isinstance(given, (list, tuple)) else (given,)
