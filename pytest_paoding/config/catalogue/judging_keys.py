"""Settings of the verdict: what is measured, under which attacks, and how surely."""

from __future__ import annotations

from typing import get_args

from pytest_paoding.config import score_values, values
from pytest_paoding.config.catalogue.keys import EngineCall, Key
from pytest_paoding.records.protocol import CORRUPTIONS, MEASURES, AttackName
from pytest_paoding.records.text import quantities

_EVALUATE = (EngineCall.EVALUATE,)
_ATTACKS = get_args(AttackName)

JUDGING_KEYS = (
    Key(
        name="task",
        read=score_values.task,
        calls=_EVALUATE,
        several=True,
        metavar="TASK",
        example='{ mask = "positions", kind = "classes" }',
        help="what outputs are judged as: classes, binary, multilabel, positions, regression,"
        " reconstruction or any, or by output name NAME=regression",
        meaning="What outputs are [judged as](tasks.md), or a table of that by output name: "
        "`classes`, `binary`, `multilabel`, `positions`, `regression`, `reconstruction` or "
        "`any`. Unless given, it is read off the loss the model was compiled with, its last "
        "activation and the labels; a note says which.",
    ),
    Key(
        name="score",
        read=score_values.scores,
        default=(),
        calls=_EVALUATE,
        several=True,
        metavar="SCORES",
        example='["rmse", "r2", "metrics:peak_error=lower"]',
        help="scores to compare: names such as f1, auc, mean_iou, rmse, of keras.metrics, or"
        " package.module:callable",
        meaning="The [scores](tasks.md#scores) to compare: names, metrics of `keras.metrics`, or "
        "`package.module:callable` of `(y_true, y_pred)` with `=higher` or `=lower` behind it, "
        "and `joint:` before it if it is of all outputs together. "
        "Unless given, the metrics the model was compiled with, or else the usual one of its "
        "task.",
    ),
    Key(
        name="slices",
        read=score_values.slices,
        read_file=values.data,
        calls=_EVALUATE,
        metavar="MODULE:CALLABLE",
        example='"digits.data:scanners"',
        help="what names the group of each sample, for max_slice_decay",
        meaning="The [slices](tasks.md#what-averages-hide) of the data: `package.module:callable` "
        "of `(x, y)`, a batch as the data give it, that returns for each sample the name of its "
        "group, several in a list, or `None`. `max_slice_decay` limits the worst one.",
    ),
    Key(
        name="measure",
        read=values.measures,
        default=(),
        calls=_EVALUATE,
        several=True,
        metavar="LIST",
        example='["fidelity", "latency"]',
        help=f"what else to measure: {', '.join(MEASURES)}",
        meaning='What else to measure: `"fidelity"` on synthetic inputs, `"latency"`, '
        '`"compression"`. What a budget needs is measured anyway, and so is fidelity '
        "where there is no data.",
    ),
    Key(
        name="attack",
        table="attack",
        inner="name",
        read=values.one_of(_ATTACKS),
        default="fgsm",
        words=_ATTACKS,
        calls=_EVALUATE,
        help="how robustness is measured",
        meaning='The [attack](attacks.md): `"fgsm"`, `"pgd"`, `"fmn"`, `"hopskipjump"` or '
        '`"strong"`. All but the first need the extra `robust`.',
    ),
    Key(
        name="epsilons",
        table="attack",
        read=values.strengths,
        default=(0.01, 0.05),
        calls=_EVALUATE,
        several=True,
        metavar="E",
        example="[0.1, 0.2]",
        help="strengths of the attack in the unit of the input, such as 0.01,0.05",
        meaning="Its strengths: the largest change of any value, in the unit of the input.",
    ),
    Key(
        name="attack_steps",
        table="attack",
        inner="steps",
        read=values.positive,
        calls=_EVALUATE,
        metavar="N",
        example="50",
        help="steps the attack takes",
        meaning="Number of its steps; unless given, 20 for `pgd`, 100 for `fmn`, 10 for "
        "`hopskipjump`, and 50 for the `pgd` in `strong`.",
    ),
    Key(
        name="attack_restarts",
        table="attack",
        inner="restarts",
        read=values.positive,
        calls=_EVALUATE,
        metavar="N",
        example="3",
        help="random starts of the attack",
        meaning="Random starts of `pgd`; unless given, 1, and 3 in `strong`.",
    ),
    Key(
        name="attack_samples",
        table="attack",
        inner="samples",
        read=values.positive,
        calls=_EVALUATE,
        metavar="N",
        example="200",
        help="samples that are attacked, the first N",
        meaning="How many samples are attacked: the first ones. Unless given, all by `fgsm` and "
        "`pgd`, 1000 by `fmn`, 100 by `hopskipjump` and `strong`.",
    ),
    Key(
        name="corruptions",
        table="corruption",
        inner="kinds",
        read=values.corruptions,
        read_text=values.corruption_words,
        calls=_EVALUATE,
        several=True,
        metavar="KINDS",
        example='["noise", "blur"]',
        help=f"corruptions of the inputs: all, off, or some of {','.join(CORRUPTIONS)}",
        meaning='Some of `"noise"`, `"blur"`, `"brightness"`, `"contrast"`; all unless given, '
        "`[]` for none.",
    ),
    Key(
        name="severities",
        table="corruption",
        read=values.severities,
        default=(1, 2, 3, 4, 5),
        calls=_EVALUATE,
        several=True,
        metavar="LIST",
        example="[1, 3]",
        help="how bad each corruption is, from 1 to 5",
        meaning="How bad each is, from 1 to 5.",
    ),
    Key(
        name="confidence",
        table="budget",
        read=quantities.confidence,
        metavar="C",
        example="0.95",
        help="how sure budgets of accuracy and robustness must hold, such as 0.95: the worse"
        " end of the interval is judged",
        meaning="How sure it must be, from 0.5 to below 1, that each limit on an estimate holds.",
    ),
)
