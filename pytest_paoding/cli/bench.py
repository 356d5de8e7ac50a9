"""`python -m pytest_paoding bench`: what each strategy costs a model at each ratio."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.arguments import DATA, add_settings, read_data, settings_of
from pytest_paoding.cli.own_modules import add_imports
from pytest_paoding.cli.reading import write
from pytest_paoding.config.cli_values import argument
from pytest_paoding.config.references import References
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.errors import DataError, PaodingError
from pytest_paoding.gate.source import Source
from pytest_paoding.records.protocol import about_inputs
from pytest_paoding.records.strategy_names import NAMES
from pytest_paoding.records.text import quantities
from pytest_paoding.reporting.tradeoff import BenchTrial, medians, plot, require_plot, table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_paoding.records.measurement import Measurement

_SETTINGS = ("input_range", "input_kind", "input_shape", "allocation", "effort", "calibration")
"""Settings that are the same for all trials."""


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "bench",
        help="compare strategies and ratios on a model",
        description="Prune a model by every strategy at every ratio, and judge each outcome."
        " Figures are medians over the seeds.",
    )
    parser.set_defaults(run=run)
    add_imports(parser)
    parser.add_argument("model", metavar="MODEL", type=Path, help="the .keras or .h5 file")
    parser.add_argument("--data", required=True, **DATA)
    parser.add_argument(
        "--ratios", nargs="+", type=argument(quantities.ratio), default=[0.25, 0.5, 0.75]
    )
    parser.add_argument("--strategies", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--seeds", type=argument(quantities.count), default=3, help="how many")
    parser.add_argument("--epsilon", type=float, default=0.05, help="strength of FGSM")
    add_settings(parser, _SETTINGS)
    parser.add_argument("--plot", metavar="OUT", type=Path, help="a picture of the trade-off")


def run(arguments: argparse.Namespace) -> int:
    """Measure, and write the table; return the exit code.

    Raises:
        PaodingError: A file cannot be read, or the model not be pruned or judged.
    """
    if arguments.plot is not None:
        require_plot(arguments.plot)
    engine = KerasEngine()
    source = Source(engine, arguments.model, model=None, hook=lambda: None)
    source.find()
    data = read_data(arguments.data, References(Path.cwd()))
    grid = Grid(
        strategies=arguments.strategies,
        ratios=arguments.ratios,
        seeds=range(arguments.seeds),
        epsilon=arguments.epsilon,
        settings=settings_of(arguments, _SETTINGS),
    )
    shape = grid.settings["input_shape"]
    model = engine.opened(source.load(), input_shape=shape).model
    found = medians(trials(arguments.model.stem, model, data, grid))
    write(*table(found).split("\n"))
    if arguments.plot is not None:
        plot(found, arguments.plot)
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What is tried.

    Attributes:
        strategies: Names of strategies.
        ratios: Shares of units to remove.
        seeds: Seeds; each is one trial.
        epsilon: Strength of FGSM, in the unit of the input.
        settings: Further settings of the pruning, such as `effort`.
    """

    strategies: Sequence[str]
    ratios: Sequence[float] = (0.25, 0.5, 0.75)
    seeds: Sequence[int] = (0,)
    epsilon: float = 0.05
    settings: Mapping[str, Any] = field(default_factory=dict)


def trials(name: str, model: Any, data: tuple[Any, Any], grid: Grid) -> Iterator[BenchTrial]:
    """Prune a model in every way of a grid and judge it on inputs and labels.

    Raises:
        PaodingError: The model cannot be pruned or judged.
    """
    engine, settings = KerasEngine(), dict(grid.settings)
    calibration = settings.get("calibration")
    inputs = about_inputs(settings)
    for strategy, ratio, seed in product(grid.strategies, grid.ratios, grid.seeds):
        started = time.process_time()
        try:
            pruned = engine.prune(model, strategy=strategy, ratio=ratio, seed=seed, **settings)
        except PaodingError as error:
            raise type(error)(f"{name}: {strategy} at {ratio:g}: {error}") from error
        seconds = time.process_time() - started
        metrics = engine.evaluate(
            model, pruned.model, data, epsilons=(grid.epsilon,), calibration=calibration, **inputs
        )
        yield _trial(name, strategy, ratio, metrics, seconds)


def _trial(
    name: str, strategy: str, ratio: float, metrics: dict[str, Measurement], seconds: float
) -> BenchTrial:
    accuracy = metrics["accuracy"]
    if accuracy.before is None or accuracy.after is None:
        raise DataError(f"{name}: no accuracy: {accuracy.reason or 'the data has no labels'}")
    return BenchTrial(
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
