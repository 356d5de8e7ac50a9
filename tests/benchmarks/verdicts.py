"""Whether verdicts without data can be believed: `python tests/benchmarks/verdicts.py [NET ...]`.

Networks of digits, tables, tokens, series and bytes are trained in seconds and pruned by several
strategies at several ratios; two of them have learned little, and are unsure of all they see. For
each pair of models stands what synthetic agreement says without data beside the agreement on real
inputs that neither training nor pruning has seen. A false pass is a pair that a budget of 95 % lets
through although fewer than 85 % of the real answers are the same. No setting depends on a network.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding import prune
from pytest_paoding.engine.evaluation.without_data.fidelity import fidelity_metrics
from pytest_paoding.errors import PruningError

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does

import fidelity
import sequences

from support.fidelity_nets import NETS
from support.sequence_nets import SEQUENCE_NETS
from support.unsure_nets import UNSURE_NETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ALL = (*NETS, *SEQUENCE_NETS, *UNSURE_NETS)
BUDGET, HARM = 0.95, 0.85
STRATEGIES, RATIOS = ("magnitude", "saliency", "reconstruct"), (0.25, 0.5, 0.75, 0.9)
COLOURS = {"magnitude": "tab:orange", "saliency": "tab:green", "reconstruct": "tab:blue"}
ROW = "{:17} {:12} {:5} {:9} {:9} {:10}\n"

Pair = tuple[str, str, float, float, "float | None", "float | None"]


def trained(name: str, seed: int) -> tuple[Any, Any, tuple[float, float] | None]:
    """Return a network, real inputs it was not trained on, and their range."""
    if name in UNSURE_NETS:
        return UNSURE_NETS[name]()
    if name in NETS:
        model, (inputs, _), _ = fidelity.trained(name, seed)
        return model, inputs, (-5.0, 5.0) if name == "cancer-mlp" else (0.0, 1.0)
    model, inputs, _ = sequences.trained(name, seed)
    return model, inputs, (0.0, 1.0) if inputs.dtype.kind == "f" else None


def answers(model: Any, inputs: Any) -> Any:
    found = model.predict(inputs, batch_size=256, verbose=0)
    return found[:, 0] > 0.5 if found.shape[-1] == 1 else found.argmax(axis=-1)


def pairs(names: Iterable[str], seeds: Iterable[int]) -> Iterator[Pair]:
    """Yield net, strategy, ratio, real agreement, synthetic agreement and output divergence."""
    for name in names:
        for seed in seeds:
            model, inputs, span = trained(name, seed)
            before = answers(model, inputs)
            for strategy in STRATEGIES:
                for ratio in RATIOS:
                    try:
                        pruned = prune(model, ratio=ratio, strategy=strategy, input_range=span)
                    except PruningError:  # nothing is left to remove
                        continue
                    real = float((answers(pruned.model, inputs) == before).mean())
                    found = fidelity_metrics(model, pruned.model, input_range=span)
                    told = [
                        found[each].found for each in ("synthetic_agreement", "output_divergence")
                    ]
                    yield name, strategy, ratio, real, told[0], told[1]


def row(pair: Pair) -> str:
    shown = ("-" if each is None else f"{each:.3f}" for each in pair[3:])
    return ROW.format(*map(str, pair[:3]), *shown)


def summary(found: list[Pair]) -> str:
    """Return how many pairs a budget passes, rightly and not."""
    passed = [pair for pair in found if pair[4] is not None and pair[4] >= BUDGET]
    false = [pair for pair in passed if pair[3] < HARM]
    right = [pair for pair in found if pair[3] >= BUDGET]
    kept = [pair for pair in passed if pair[3] >= BUDGET]
    known = np.array([pair[3:5] for pair in found if pair[4] is not None])
    return (
        f"{len(found)} pairs, {len(found) - len(known)} undefined; a budget of {BUDGET:.0%} passes "
        f"{len(passed)}, of which {len(false)} agree below {HARM:.0%} on real inputs; of "
        f"{len(right)} that agree above {BUDGET:.0%} there it passes {len(kept)}; "
        f"correlation {np.corrcoef(known.T)[0, 1]:.2f}\n"
    )


def plot(found: list[Pair], path: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 - where it is asked for

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="lightgrey", zorder=0)
    axes.axvline(BUDGET, color="grey", linestyle=":")
    axes.axhline(HARM, color="grey", linestyle=":")
    for strategy, colour in COLOURS.items():
        part = [pair for pair in found if pair[1] == strategy and pair[4] is not None]
        axes.scatter([p[4] for p in part], [p[3] for p in part], s=14, c=colour, label=strategy)
    axes.set(xlabel="synthetic agreement, without data", ylabel="agreement on real inputs")
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nets", nargs="*", metavar="NET", help=", ".join(ALL))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    found = []
    sys.stdout.write(ROW.format("net", "strategy", "ratio", "real", "synthetic", "divergence"))
    for pair in pairs(options.nets or ALL, options.seeds):
        found.append(pair)
        sys.stdout.write(row(pair))
        sys.stdout.flush()
    sys.stdout.write(summary(found))
    if options.plot is not None:
        plot(found, options.plot)


if __name__ == "__main__":
    main()
