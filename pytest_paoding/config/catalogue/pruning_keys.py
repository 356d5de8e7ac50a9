"""Settings of the pruning: what is removed from a model, and how."""

from __future__ import annotations

from typing import get_args

from pytest_paoding.config import values
from pytest_paoding.config.catalogue.keys import EngineCall, Key
from pytest_paoding.records import strategy_names
from pytest_paoding.records.protocol import Allocation, Effort, Mixing
from pytest_paoding.records.text import quantities
from pytest_paoding.records.text.ratios import read_ratio

_PRUNE = (EngineCall.PRUNE,)
_EVERYWHERE = (EngineCall.PRUNE, EngineCall.EVALUATE, EngineCall.EXPORT)
_ALLOCATIONS, _EFFORTS, _MIXINGS = map(get_args, (Allocation, Effort, Mixing))

PRUNING_KEYS = (
    Key(
        name="ratio",
        read=read_ratio,
        needed=True,
        calls=_PRUNE,
        metavar="R",
        example="[0.3, 0.5]",
        help="share of the units to prune, such as 0.5 or 50%; several, such as 0.3,0.5; or"
        " auto; implies --paoding",
        more="`round(ratio * n)` of *n* units go, and at least one stays. With the default"
        " `allocation` as many parameters go as that would remove, but from where it hurts"
        " least.",
    ),
    Key(
        name="strategy",
        read=values.strategy,
        default="reconstruct",
        words=strategy_names.NAMES,
        calls=_PRUNE,
        help="how the units to prune are chosen",
        more='`"scale"` is another name of `"magnitude"`.',
    ),
    Key(
        name="seed",
        read=values.seed,
        default=0,
        calls=_EVERYWHERE,
        metavar="N",
        example="7",
        help="seed of everything random",
        more="The annealing of `stochastic`, the inputs of `reconstruct`, the attacks.",
    ),
    Key(
        name="step",
        read=quantities.step,
        default=0.025,
        calls=_PRUNE,
        metavar="S",
        example='"5%"',
        help="share of the units to remove in one round",
        more="All units are scored again between rounds. Not for `reconstruct`.",
    ),
    Key(
        name="input_range",
        read=values.input_range,
        default=(0.0, 1.0),
        calls=_EVERYWHERE,
        several=True,
        metavar=("LO", "HI"),
        example="{ image = [0, 255], mask = [-1, 1] }",
        help="what a legal input may be, such as 0,1, or by input name NAME=0,1",
        more="It bounds what units can compute, and clips attacks.",
    ),
    Key(
        name="allocation",
        read=values.one_of(_ALLOCATIONS),
        default="global",
        words=_ALLOCATIONS,
        calls=_PRUNE,
        help="how reconstruct spreads the pruning over the layers",
        more='`"global"` spends the parameters that `ratio` saves where it hurts least,'
        ' `"uniform"` takes the same share everywhere, `"balanced"` is half way between.',
    ),
    Key(
        name="effort",
        read=values.one_of(_EFFORTS),
        default="standard",
        words=_EFFORTS,
        calls=_PRUNE,
        help="how hard reconstruct works",
        more='`"standard"` looks for inputs by gradients, and distils the smaller model on'
        ' them, where that takes seconds; `"thorough"` also where it takes minutes.',
    ),
    Key(
        name="calibration",
        read=values.calibration,
        calls=(EngineCall.PRUNE, EngineCall.EXPORT),
        metavar="MODULE:CALLABLE",
        example='"digits.data:unlabelled"',
        help="what returns unlabelled inputs for reconstruct to learn from",
        more="One array, or one for each input in a list or by name; a call may give them"
        " themselves. None of them may be judged on. Reports say that they were used.",
    ),
    Key(
        name="ratios",
        read=values.shares,
        default={},
        calls=_PRUNE,
        several=True,
        metavar="PATTERN=SHARE",
        example='{ "block1_*" = "25%", head = 0 }',
        help="shares of their own for layers by name; the first that matches counts",
    ),
    Key(
        name="include",
        read=values.patterns,
        default=("*",),
        calls=_PRUNE,
        several=True,
        metavar="PATTERN",
        example='["block1_*", "head"]',
        help="layers that may shrink",
        more="A layer that shrinks together with one that may not stays whole as well.",
    ),
    Key(
        name="exclude",
        read=values.patterns,
        default=(),
        calls=_PRUNE,
        several=True,
        metavar="PATTERN",
        example='"stem"',
        help="layers among them that may not",
    ),
    Key(
        name="round_to",
        read=values.positive,
        default=1,
        calls=_PRUNE,
        metavar="N",
        example="8",
        help="keep widths multiples of N where they can be",
        more="Fewer units go then, never more.",
    ),
    Key(
        name="jump",
        read=quantities.factor,
        calls=_PRUNE,
        metavar="F",
        example="3",
        help="end a layer's pruning where the next score is more than F times all before it",
        more="For all strategies but `reconstruct`, which weighs by what the outputs lose.",
    ),
    Key(
        name="mixing",
        read=values.one_of(_MIXINGS),
        default="exact",
        words=_MIXINGS,
        calls=_PRUNE,
        help="whether statistics over units may be computed anew",
        more='`"recompute"` also prunes through layers that compute them, such as'
        " `LayerNormalization`; what is computed changes with them.",
    ),
    Key(
        name="sparsity",
        read=quantities.part,
        default=0.0,
        calls=_PRUNE,
        metavar="S",
        example='"25%"',
        help="share of the weights of every kernel to set to zero in the end",
        more="Those of least magnitude. Files get no smaller, but compress better: see"
        " `max_compressed_size`.",
    ),
    Key(
        name="verify",
        read=values.flag,
        default=False,
        flag=True,
        calls=_PRUNE,
        help="prove every cut: the pruned model must compute what the original with the removed"
        " units' weights at zero does",
        more="In float64. Shapes, widths, and finite outputs on two random inputs are checked in"
        " any case.",
    ),
)
