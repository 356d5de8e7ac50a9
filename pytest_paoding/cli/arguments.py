"""The settings of a pruning as arguments of a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args
from zipfile import BadZipFile

from pytest_paoding.config.cli_values import argument, seed
from pytest_paoding.config.settings import BUILT_IN, PRUNING_KEYS
from pytest_paoding.errors import DataError
from pytest_paoding.records.protocol import Allocation, Effort, Mixing
from pytest_paoding.records.strategy_names import ALIASES, NAMES
from pytest_paoding.records.text import quantities

if TYPE_CHECKING:
    import argparse

    from pytest_paoding.records.protocol import InputRange, Pruning


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add an option for every setting of a pruning but its ratio."""
    parser.add_argument(
        "--strategy",
        choices=NAMES,
        type=lambda name: ALIASES.get(name, name),
        default=_default("strategy"),
        help="how units are chosen (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=argument(seed), default=_default("seed"), help="default: %(default)s"
    )
    parser.add_argument(
        "--step",
        type=argument(quantities.step),
        default=_default("step"),
        help="share of the units to remove in one round (default: %(default)s)",
    )
    parser.add_argument(
        "--input-range",
        nargs=2,
        type=float,
        default=_default("input_range"),
        metavar=("LO", "HI"),
        help="what a legal input may be (default: 0 1)",
    )
    add_reconstruction(parser)
    _add_exceptions(parser)


def add_reconstruction(parser: argparse.ArgumentParser) -> None:
    """Describe what only `reconstruct` asks for."""
    parser.add_argument(
        "--allocation",
        choices=get_args(Allocation),
        default=_default("allocation"),
        help="how reconstruct spreads the pruning over the layers (default: %(default)s)",
    )
    parser.add_argument(
        "--effort",
        choices=get_args(Effort),
        default=_default("effort"),
        help="how hard reconstruct works (default: %(default)s)",
    )
    parser.add_argument(
        "--calibration",
        metavar="FILE",
        type=Path,
        help="unlabelled inputs for reconstruct to learn from: an array in a .npy file, or one for"
        " each input by its name in an .npz file",
    )


def _add_exceptions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ratios",
        nargs="+",
        type=argument(_share),
        default=[],
        metavar="PATTERN=SHARE",
        help="shares of their own for layers by name; the first that matches counts",
    )
    parser.add_argument(
        "--include",
        nargs="+",
        default=list(_default("include")),
        metavar="PATTERN",
        help="layers that may shrink (default: all)",
    )
    parser.add_argument(
        "--exclude",
        nargs="+",
        default=[],
        metavar="PATTERN",
        help="layers among them that may not",
    )
    parser.add_argument(
        "--round-to",
        type=argument(quantities.count),
        default=_default("round_to"),
        metavar="N",
        help="keep widths multiples of N where they can be",
    )
    parser.add_argument(
        "--jump",
        type=argument(quantities.factor),
        default=_default("jump"),
        metavar="F",
        help="end a layer's pruning where the next score is more than F times all before it",
    )
    parser.add_argument(
        "--mixing",
        choices=get_args(Mixing),
        default=_default("mixing"),
        help="whether statistics over units may be computed anew (default: %(default)s)",
    )
    parser.add_argument(
        "--sparsity",
        type=argument(quantities.part),
        default=_default("sparsity"),
        metavar="S",
        help="share of the weights of every kernel to set to zero in the end",
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="prove that the pruned model computes what the original with the removed units'"
        " weights at zero does",
    )


def _default(key: str) -> Any:
    return BUILT_IN[key].value


def settings_of(arguments: argparse.Namespace, input_range: InputRange) -> Pruning:
    """Return the keywords of the pruning.

    Raises:
        DataError: The file of inputs for calibration cannot be read.
    """
    given = {key: getattr(arguments, key) for key in PRUNING_KEYS}
    file = arguments.calibration
    given |= {
        "input_range": input_range,
        "calibration": None if file is None else arrays(file),
        "ratios": dict(arguments.ratios),
        "include": tuple(arguments.include),
        "exclude": tuple(arguments.exclude),
    }
    return cast("Pruning", given)


def arrays(path: Path) -> Any:
    """Return the array of a .npy file, or those of an .npz file by name.

    Raises:
        DataError: It cannot be read.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and seldom needed

    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            return found if isinstance(found, np.ndarray) else dict(found)
    except (EOFError, OSError, ValueError, BadZipFile) as error:
        raise DataError(f"{path}: cannot be read as .npy or .npz: {error}") from error


def _share(text: str) -> tuple[str, float]:
    pattern, found, given = text.rpartition("=")
    if not found:
        raise ValueError(f"{text!r} is not of the form PATTERN=SHARE")
    return next(iter(quantities.shares({pattern: given}).items()))
