"""What each strategy costs a model at each ratio: rows, their medians, a table and a plot."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields
from statistics import median
from typing import TYPE_CHECKING

from tabulate import tabulate

from pytest_paoding.errors import ArtifactError, PaodingError
from pytest_paoding.records.text.escapes import as_lines, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class BenchTrial:
    """One pruning of one model, judged.

    Attributes:
        model: The model's name.
        strategy: The strategy.
        ratio: The share of units it was asked to remove.
        removed: Share of the parameters that went.
        accuracy: Accuracy afterwards.
        decay: Accuracy before minus after.
        agreement: Share of samples to which both models give the same class.
        retention: Robust accuracy under FGSM, after divided by before; None where it was zero.
        seconds: Processor time of the pruning, of all threads together.
    """

    model: str
    strategy: str
    ratio: float
    removed: float
    accuracy: float
    decay: float
    agreement: float
    retention: float | None
    seconds: float


_COLUMNS, _SIDE = 5, 3.2
"""Panels in a row, and the side of one in inches."""
_LONGEST = 40
_TYPESET = {"pgf"}
"""Formats for which matplotlib runs TeX, which may do anything, on the names of models."""
_HEADS = tuple(each.name for each in fields(BenchTrial))


def medians(found: Iterable[BenchTrial]) -> list[BenchTrial]:
    """Return one trial for each model, strategy and ratio: the median of each of its figures."""
    groups: dict[tuple[str, str, float], list[BenchTrial]] = {}
    for trial in found:
        groups.setdefault((trial.model, trial.strategy, trial.ratio), []).append(trial)
    return [
        BenchTrial(
            *key,
            *(_median([getattr(trial, name) for trial in group]) for name in _HEADS[3:]),  # type: ignore[arg-type]  # only retention may be None
        )
        for key, group in groups.items()
    ]


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def table(found: Iterable[BenchTrial]) -> str:
    """Return trials as a table, a row for each."""
    rows = [
        (
            printable(trial.model),
            trial.strategy,
            f"{trial.ratio:g}",
            f"{trial.removed:.1%}",
            f"{trial.accuracy:.3f}",
            f"{trial.decay:+.3f}",
            f"{trial.agreement:.3f}",
            "" if trial.retention is None else f"{trial.retention:.2f}",
            f"{trial.seconds:.1f}",
        )
        for trial in found
    ]
    aligned = ("left", "left", *("right",) * (len(_HEADS) - 2))
    text = tabulate(rows, _HEADS, tablefmt="simple", disable_numparse=True, colalign=aligned)
    return as_lines(text)


def require_plot(path: Path) -> Callable[..., Figure]:
    """Return what makes figures, or refuse a plot before there is anything to draw.

    Raises:
        PaodingError: matplotlib is not installed.
        ArtifactError: Nothing can be written there, or not in the format of the ending.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 # an optional extra
    except ImportError as error:
        remedy = 'pip install "pytest-paoding[plot]"'
        raise PaodingError(f"a plot needs matplotlib: {remedy}") from error
    endings = Figure().canvas.get_supported_filetypes().keys() - _TYPESET
    if path.suffix[1:].lower() not in endings:
        known = ", ".join(f".{each}" for each in sorted(endings))
        raise ArtifactError(f"cannot write {path}: it must end in one of {known}")
    if not path.parent.is_dir() or path.is_dir():
        raise ArtifactError(f"cannot write {path}: its folder must exist, and it be no folder")
    return Figure


def plot(found: Sequence[BenchTrial], path: Path) -> None:
    """Draw accuracy against the share of parameters removed, a panel for each model, five in a row.

    Raises:
        PaodingError: matplotlib is not installed.
        ArtifactError: The picture cannot be written, or not in the format of its ending.
    """
    figure_of = require_plot(path)
    names = list(dict.fromkeys(trial.model for trial in found))
    columns = min(_COLUMNS, len(names)) or 1
    rows = -(-len(names) // columns) or 1
    figure = figure_of(figsize=(_SIDE * columns, _SIDE * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for panel in panels[len(names) :]:
        panel.remove()
    for panel, name in zip(panels, names, strict=False):  # some may be left over
        here = [trial for trial in found if trial.model == name]
        for strategy in dict.fromkeys(trial.strategy for trial in here):
            line = sorted(
                (trial.removed, trial.accuracy) for trial in here if trial.strategy == strategy
            )
            panel.plot(*zip(*line, strict=True), marker="o", label=strategy)
        panel.set_title(_title(name), parse_math=False)
        panel.set(xlabel="parameters removed", ylim=(0, 1))
    for panel in panels[::columns]:
        panel.set_ylabel("accuracy")
    panels[0].legend(fontsize="small")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of characters that its font has not
            figure.savefig(path)
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ArtifactError(f"cannot write {path}: {reason}") from error


def _title(name: str) -> str:
    """Return the name of a model, whatever is in it, as far as a panel has room."""
    shown = printable(name)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."
