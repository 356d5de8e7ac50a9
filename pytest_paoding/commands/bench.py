"""`python -m pytest_paoding bench`: what each strategy costs a model at each ratio."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pytest_paoding import quantities
from pytest_paoding.commands.arguments import argument, arrays
from pytest_paoding.engine import KerasEngine
from pytest_paoding.errors import DataError
from pytest_paoding.protocol import Effort
from pytest_paoding.pruning.strategies import NAMES
from pytest_paoding.tradeoff import Grid, medians, plot, table, trials

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "bench",
        help="compare strategies and ratios on a model",
        description="Prune a model by every strategy at every ratio, and judge each outcome."
        " Figures are medians over the seeds.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("model", metavar="MODEL", type=Path, help="the .keras or .h5 file")
    parser.add_argument(
        "--data", required=True, type=Path, help="an .npz file with inputs x and labels y"
    )
    parser.add_argument(
        "--ratios", nargs="+", type=argument(quantities.ratio), default=[0.25, 0.5, 0.75]
    )
    parser.add_argument("--strategies", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--seeds", type=argument(quantities.count), default=3, help="how many")
    parser.add_argument("--epsilon", type=float, default=0.05, help="strength of FGSM")
    parser.add_argument(
        "--input-range", nargs=2, type=float, default=(0.0, 1.0), metavar=("LO", "HI")
    )
    parser.add_argument("--effort", choices=get_args(Effort), default="standard")
    parser.add_argument(
        "--calibration", metavar="FILE", type=Path, help="unlabelled inputs for reconstruct"
    )
    parser.add_argument("--plot", metavar="OUT", type=Path, help="a picture of the trade-off")


def run(arguments: argparse.Namespace) -> int:
    """Measure, and write the table; return the exit code.

    Raises:
        PaodingError: A file cannot be read, or the model not be pruned or judged.
    """
    data = arrays(arguments.data)
    if not isinstance(data, dict) or not {"x", "y"} <= data.keys():
        raise DataError(f"{arguments.data}: holds no arrays x and y")
    settings: dict[str, Any] = {"effort": arguments.effort}
    if arguments.calibration is not None:
        settings["calibration"] = arrays(arguments.calibration)
    grid = Grid(
        strategies=arguments.strategies,
        ratios=arguments.ratios,
        seeds=range(arguments.seeds),
        epsilon=arguments.epsilon,
        input_range=tuple(arguments.input_range),
        settings=settings,
    )
    model = KerasEngine().load_model(arguments.model)
    found = medians(trials(arguments.model.stem, model, (data["x"], data["y"]), grid))
    sys.stdout.write(table(found) + "\n")
    if arguments.plot is not None:
        plot(found, arguments.plot)
    return 0
