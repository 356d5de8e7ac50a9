"""Settings of the pruning: what is removed from a model, and how."""

from __future__ import annotations

from typing import get_args

from pytest_paoding.config import values
from pytest_paoding.config.catalogue.keys import EngineCall, Key
from pytest_paoding.config.word_lists import patterns
from pytest_paoding.records import strategy_names
from pytest_paoding.records.protocol import Allocation, Mixing
from pytest_paoding.records.text import quantities
from pytest_paoding.records.text.efforts import effort
from pytest_paoding.records.text.ratios import read_ratio
from pytest_paoding.records.text.targets import read_target

_PRUNE = (EngineCall.PRUNE,)
_EVERYWHERE = (EngineCall.PRUNE, EngineCall.EVALUATE, EngineCall.EXPORT)
_ALLOCATIONS, _MIXINGS = map(get_args, (Allocation, Mixing))

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
        meaning="Share of the units of every prunable layer to remove: `round(ratio * n)` of *n* "
        "units, and at least one stays. With the default `allocation` as many parameters "
        "go as that would remove, but from where it hurts least. Or [several ratios, or "
        '`"auto"`](#several-ratios).',
    ),
    Key(
        name="target",
        read=read_target,
        calls=_PRUNE,
        metavar="KIND:AMOUNT",
        example='{ flops = "50%" }',
        help="what may stay, in place of a ratio, such as flops:50%, parameters:40000 or"
        " size:300kB; implies --paoding",
        meaning="In place of `ratio`: what may stay of the model. A share of its own `flops`, "
        '`parameters` or `size` (bytes of the file), such as `{ flops = "50%" }`, or a number: '
        '`{ parameters = 40000 }`, `{ flops = "1.5M" }`, `{ size = "300 kB" }`. The least '
        "pruning that meets it is [found](#targets), and reports show the uniform ratio that "
        "would.",
    ),
    Key(
        name="strategy",
        read=values.strategy,
        default="reconstruct",
        words=strategy_names.NAMES,
        calls=_PRUNE,
        help="how the units to prune are chosen",
        meaning='How units are chosen: `"reconstruct"`, `"magnitude"` (or `"scale"`), '
        '`"saliency"`, `"impact"` or `"stochastic"`. See [the method](method.md).',
    ),
    Key(
        name="seed",
        read=values.seed,
        read_text=values.seed_text,
        default=0,
        calls=_EVERYWHERE,
        metavar="N",
        example="7",
        help="seed of everything random",
        meaning='Seed of everything random: the annealing of `"stochastic"`, the inputs of '
        '`"reconstruct"`, the attacks.',
    ),
    Key(
        name="step",
        read=quantities.step,
        default=0.025,
        calls=_PRUNE,
        metavar="S",
        example='"5%"',
        help="share of the units to remove in one round",
        meaning="Share of the units that goes in one round, at least 0.001; all units are scored "
        "again between rounds.",
    ),
    Key(
        name="input_range",
        read=values.input_range,
        calls=_EVERYWHERE,
        several=True,
        metavar="LO,HI",
        example="{ image = [0, 255], mask = [-1, 1] }",
        help="what a legal input may be, such as 0,1, or by input name NAME=0,1",
        meaning="What a legal input may be: `[low, high]`, or a table of such pairs by input "
        "name. It bounds what units can compute, and clips attacks. Unless given, it is read "
        "off [the first layers](method.md#inputs-without-data), and `[0, 1]` where they do not "
        "tell; a note says which, and data that contradict it are not judged.",
    ),
    Key(
        name="input_kind",
        read=values.input_kind,
        calls=_EVERYWHERE,
        several=True,
        metavar="KIND",
        example='{ image = "picture", words = "tokens" }',
        help="what inputs hold: picture, sequence, tokens, features, audio, video or volume, or"
        " by input name NAME=picture",
        meaning="What inputs hold, or a table of that by input name: `picture`, `sequence`, "
        "`tokens`, `features`, `audio`, `video` or `volume`. Unless given, it is read off the "
        "first layer that tells.",
    ),
    Key(
        name="input_shape",
        read=values.input_shape,
        calls=_EVERYWHERE,
        several=True,
        metavar="LENGTHS",
        example="[32, 32, 3]",
        help="shape to draw inputs of whose lengths the model leaves open, such as 32,32,3, or"
        " by input name NAME=32,32,3",
        meaning="For models that leave lengths open: the shape of drawn inputs without the batch, "
        "or a table of such shapes by input name. Unless given, the lengths of `calibration`, or "
        "of the data for judging, or else usual ones that every layer accepts, which a note tells. "
        "FLOPs are counted for it, unless usual ones had to do.",
    ),
    Key(
        name="allocation",
        read=values.one_of(_ALLOCATIONS),
        default="global",
        words=_ALLOCATIONS,
        calls=_PRUNE,
        help="how reconstruct spreads the pruning over the layers",
        meaning='For `"reconstruct"`: `"global"` spends the parameters that `ratio` saves where '
        'it hurts least, `"uniform"` takes the same share everywhere, `"balanced"` is '
        'half way between. Where the inputs it learns from are like real ones, `"global"` tries '
        "all three, and takes the one that is the nearest to the original.",
    ),
    Key(
        name="effort",
        read=effort,
        default="standard",
        calls=_PRUNE,
        metavar="EFFORT",
        example='"quick"',
        help="how long reconstruct works: quick, standard, thorough, or seconds",
        meaning='For `"reconstruct"`: how long it looks for inputs to learn from, and distils the '
        'smaller model on them. `"quick"` is 10 seconds on a common machine of two cores, '
        '`"standard"` 60, `"thorough"` 600; or a number of them, at most a week (604800). '
        "Work is counted, not timed: "
        "a slow machine does as much as a fast one. Small models take less. The trials of a "
        '[search](#several-ratios) share it (`"quick/5"`, where five do), and it is `"quick"` '
        "there unless one is given.",
    ),
    Key(
        name="calibration",
        read=values.calibration,
        read_file=values.data,
        calls=(EngineCall.PRUNE, EngineCall.EXPORT),
        metavar="MODULE:CALLABLE",
        example='"digits.data:unlabelled"',
        help="what returns unlabelled inputs for reconstruct to learn from",
        meaning='For `"reconstruct"`: `package.module:callable` that returns real inputs without '
        "labels, to learn from in place of synthetic ones; one array, or one for each "
        "input in a list or by name. None of them may be judged on. Reports say that they "
        "were used.",
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
        meaning='Shares for single layers by name, such as `{ "block1_*" = "25%", head = 0 }`; '
        "the first pattern that matches counts.",
    ),
    Key(
        name="include",
        read=patterns,
        default=("*",),
        calls=_PRUNE,
        several=True,
        metavar="PATTERN",
        example='["block1_*", "head"]',
        help="layers that may shrink",
        meaning="Patterns of the names of layers that may shrink. A layer that shrinks together "
        "with one that may not stays whole as well.",
    ),
    Key(
        name="exclude",
        read=patterns,
        default=(),
        calls=_PRUNE,
        several=True,
        metavar="PATTERN",
        example='"stem"',
        help="layers among them that may not",
        meaning="Patterns of layers among them that may not.",
    ),
    Key(
        name="round_to",
        read=values.positive,
        default=1,
        calls=_PRUNE,
        metavar="N",
        example="8",
        help="keep widths multiples of N where they can be",
        meaning="Keep widths multiples of this where they can be; fewer units go then, never more.",
    ),
    Key(
        name="jump",
        read=quantities.factor,
        calls=_PRUNE,
        metavar="F",
        example="3",
        help="end a layer's pruning where the next score is more than F times all before it",
        meaning="Dynamic threshold: a layer loses no more units once the next score is more than "
        "this many times the highest one before it. For all strategies but "
        '`"reconstruct"`, which weighs by what the outputs lose.',
    ),
    Key(
        name="mixing",
        read=values.one_of(_MIXINGS),
        default="exact",
        words=_MIXINGS,
        calls=_PRUNE,
        help="whether statistics over units may be computed anew",
        meaning='`"recompute"` also prunes through layers that compute statistics over units, '
        "such as `LayerNormalization`. The statistics then change, and with them what is "
        "computed.",
    ),
    Key(
        name="sparsity",
        read=quantities.part,
        default=0.0,
        calls=_PRUNE,
        metavar="S",
        example='"25%"',
        help="share of the weights of every kernel to set to zero in the end",
        meaning="Share of the weights of every kernel to set to zero in the end, those of least "
        "magnitude. Files get no smaller, but compress better: see `max_compressed_size`.",
    ),
    Key(
        name="verify",
        read=values.flag,
        default=False,
        flag=True,
        calls=_PRUNE,
        help="prove every cut: the pruned model must compute what the original with the removed"
        " units' weights at zero does",
        meaning="Prove every cut: in float64 the pruned model must compute what the original does "
        "with the weights on removed units at zero. Shapes, widths, and finite outputs on "
        "two random inputs are checked in any case.",
    ),
)
