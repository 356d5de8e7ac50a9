"""The trade-off of a model: what each strategy costs at each ratio, as rows, a table and a plot."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import product
from statistics import median
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from pytest_paoding.engine import KerasEngine
from pytest_paoding.errors import DataError, PaodingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pytest_paoding.evaluation.measurement import Measurement

_HEADS = (
    "model",
    "strategy",
    "ratio",
    "removed",
    "accuracy",
    "decay",
    "agreement",
    "retention",
    "seconds",
)


@dataclass(frozen=True, slots=True)
class Trial:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What is tried.

    Attributes:
        strategies: Names of strategies.
        ratios: Shares of units to remove.
        seeds: Seeds; each is one trial.
        epsilon: Strength of FGSM, in the unit of the input.
        input_range: Low and high of legal inputs.
        settings: Further settings of the pruning, such as `effort`.
    """

    strategies: Sequence[str]
    ratios: Sequence[float] = (0.25, 0.5, 0.75)
    seeds: Sequence[int] = (0,)
    epsilon: float = 0.05
    input_range: tuple[float, float] = (0.0, 1.0)
    settings: dict[str, Any] | None = None


def trials(name: str, model: Any, data: tuple[Any, Any], grid: Grid) -> Iterator[Trial]:
    """Prune a model in every way of a grid and judge it on inputs and labels.

    Raises:
        PaodingError: The model cannot be pruned or judged.
    """
    engine = KerasEngine()
    for strategy, ratio, seed in product(grid.strategies, grid.ratios, grid.seeds):
        started = time.process_time()
        try:
            pruned = engine.prune(
                model,
                strategy=strategy,
                ratio=ratio,
                seed=seed,
                input_range=grid.input_range,
                **(grid.settings or {}),
            )
        except PaodingError as error:
            raise type(error)(f"{name}: {strategy} at {ratio:g}: {error}") from error
        seconds = time.process_time() - started
        metrics = engine.evaluate(
            model, pruned.model, data, epsilons=(grid.epsilon,), input_range=grid.input_range
        )
        yield _trial(name, strategy, ratio, metrics, seconds)


def _trial(
    name: str, strategy: str, ratio: float, metrics: dict[str, Measurement], seconds: float
) -> Trial:
    accuracy = metrics["accuracy"]
    if accuracy.before is None or accuracy.after is None:
        raise DataError(f"{name}: no accuracy: {accuracy.reason or 'the data has no labels'}")
    return Trial(
        name,
        strategy,
        ratio,
        removed=metrics["parameters_removed"].found or 0.0,
        accuracy=accuracy.after,
        decay=accuracy.before - accuracy.after,
        agreement=metrics["agreement"].found or 0.0,
        retention=metrics["robustness_retention"].found,
        seconds=seconds,
    )


def medians(found: Iterable[Trial]) -> list[Trial]:
    """Return one trial for each model, strategy and ratio: the median of each of its figures."""
    groups: dict[tuple[str, str, float], list[Trial]] = {}
    for trial in found:
        groups.setdefault((trial.model, trial.strategy, trial.ratio), []).append(trial)
    return [
        Trial(
            *key,
            *(
                _median([getattr(trial, name) for trial in group])
                for name in ("removed", "accuracy", "decay", "agreement", "retention", "seconds")
            ),  # type: ignore[arg-type]  # only retention may be None
        )
        for key, group in groups.items()
    ]


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def table(found: Iterable[Trial]) -> str:
    """Return trials as a table, a row for each."""
    rows = [
        (
            trial.model,
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
    return tabulate(rows, _HEADS, tablefmt="simple", disable_numparse=True, colalign=aligned)


def plot(found: Sequence[Trial], path: Path) -> None:
    """Draw accuracy against the share of parameters removed, a panel for each model.

    Raises:
        PaodingError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 # an optional extra
    except ImportError as error:
        raise PaodingError("a plot needs matplotlib: pip install matplotlib") from error
    names = list(dict.fromkeys(trial.model for trial in found))
    figure = Figure(figsize=(3.2 * len(names), 3.2), layout="constrained")
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for panel, name in zip(panels, names, strict=True):
        here = [trial for trial in found if trial.model == name]
        for strategy in dict.fromkeys(trial.strategy for trial in here):
            line = sorted(
                (trial.removed, trial.accuracy) for trial in here if trial.strategy == strategy
            )
            panel.plot(*zip(*line, strict=True), marker="o", label=strategy)
        panel.set(title=name, xlabel="parameters removed", ylim=(0, 1))
    panels[0].set_ylabel("accuracy")
    panels[0].legend(fontsize="small")
    figure.savefig(path)
