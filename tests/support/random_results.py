"""Random gate results for property tests."""

from __future__ import annotations

from itertools import product

from hypothesis import strategies as st

from pytest_paoding.records.artifact_record import Artifact, ArtifactFile
from pytest_paoding.records.budgets import Level, Limit, Outcome, judge
from pytest_paoding.records.evidence import LEVELS, ConfidenceCurve, Contrast, Evidence
from pytest_paoding.records.evidence.breakdown import (
    Breakdown,
    Confusion,
    Flip,
    GroupRow,
    GroupTable,
)
from pytest_paoding.records.formats import ENDINGS, of_file, parted
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import KNOWN, LIMITS, Direction, Metric
from pytest_paoding.records.plan import LayerResult
from pytest_paoding.records.results import GateResult, Setting, Trial

lines = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=20)
names = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
finite = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
shares = st.floats(0, 1)
levels = st.sampled_from([Level.ERROR, Level.WARN])
evidence = st.builds(
    Evidence, st.sampled_from(Contrast), st.integers(1, 900), *[st.integers(0, 900)] * 3
)
bounds = st.just(()) | st.lists(
    st.floats(-1e9, 1e9), min_size=len(LEVELS), max_size=len(LEVELS)
).map(lambda found: tuple(sorted(found)))
curves = st.builds(
    ConfidenceCurve,
    st.sampled_from(Contrast),
    st.integers(0, 900),
    st.sampled_from(("bca", "bootstrap-t", "score")),
    st.sampled_from((0, 2000)),
    bounds | bounds.map(lambda found: (None, *found[1:]) if found else found),
    st.none() | lines,
)
measurements = st.builds(
    Measurement,
    *[st.none() | finite] * 3,
    *[st.none() | lines] * 2,
    st.none() | evidence | curves,
    st.none() | st.floats(0.001, 9),
)
confidences = st.none() | st.floats(0.5, 0.999)
SCORES = ("mae", "mean_iou", "mask/mean_iou", "recall@3")
"""Names of scores: of any model, of an output, of a class."""

OWN = Metric("own_metric", Direction.HIGHER)
FORMATS = ("tflite-int8", "onnx")


def measured_as(metric: Metric) -> list[str]:
    """Return all names under which a metric may be measured."""
    scores = [f"@{each}" for each in SCORES] if metric.per_score else [""]
    strengths = ["@0.01", "@0.5"] if metric.per_epsilon else [""]
    files = ["", *(f"@{each}" for each in FORMATS)] if metric.on_files else [""]
    return [metric.name + "".join(parts) for parts in product(scores, strengths, files)]


NAMES = [name for each in (*LIMITS.values(), OWN) for name in measured_as(each)]
"""Every kind of metric under every kind of name."""


@st.composite
def limits(draw: st.DrawFn, measured: list[str]) -> Limit:
    """Draw a limit on something that was measured, or on anything."""
    name, file_format = parted(draw(st.sampled_from(measured or NAMES) | st.sampled_from(NAMES)))
    base, _, part = name.partition("@")
    metric = KNOWN.get(base, OWN)
    score = part.rpartition("@")[0] if metric.per_epsilon else part
    by_name = metric.per_score and draw(st.booleans())
    found = (draw(finite), draw(levels), draw(lines), draw(confidences))
    return Limit(metric, *found, file_format, score if by_name else None)


settings = st.builds(Setting, finite | lines | st.lists(finite), lines)
layers = st.builds(
    LayerResult, lines, st.integers(1, 99), st.integers(1, 99), *[st.none() | lines] * 2
)
digests = st.from_regex("[0-9a-f]{64}", fullmatch=True)
files = st.builds(ArtifactFile, st.sampled_from(list(ENDINGS)), lines, st.integers(0), digests)
artifacts = st.builds(
    Artifact,
    lines,
    st.booleans(),
    st.integers(0),
    digests,
    files=st.lists(files, max_size=3).map(tuple),
)
trials = st.builds(
    Trial,
    st.floats(0.01, 0.99),
    st.sampled_from([Outcome.WITHIN_BUDGET, Outcome.OVER_BUDGET, Outcome.UNJUDGED]),
    st.dictionaries(names, st.none() | finite, max_size=2),
)
counts = st.integers(0, 999)
group_rows = st.builds(GroupRow, lines, counts, *[st.none() | finite] * 3)
group_tables = st.builds(GroupTable, counts, counts, st.lists(group_rows, max_size=3).map(tuple))
matrices = st.lists(st.tuples(counts, counts), min_size=2, max_size=2).map(tuple)
confusions = st.builds(Confusion, lines, matrices, matrices)
flips = st.builds(
    Flip,
    counts,
    lines,
    lines,
    st.none() | lines,
    st.floats(0, 1e6),
    st.none() | st.just("iVBORw0="),
)
breakdowns = st.builds(
    Breakdown,
    classes=group_tables,
    slices=group_tables,
    confusions=st.lists(confusions, max_size=2).map(tuple),
    flipped=st.none() | counts,
    flips=st.lists(flips, max_size=3).map(tuple),
)


@st.composite
def results(draw: st.DrawFn) -> GateResult:
    """Draw a result whose outcome follows from its checks."""
    found = draw(st.dictionaries(st.sampled_from(NAMES), measurements, max_size=12))
    if draw(st.booleans()):  # files, so that there is a table of them
        found |= {of_file("size", each): draw(measurements) for each in FORMATS}
    wanted = st.lists(limits(list(found)), unique_by=lambda limit: limit.key, max_size=8)
    judgement = judge(draw(wanted), found)
    outcome = judgement.outcome
    if outcome is Outcome.OVER_BUDGET:
        outcome = draw(st.sampled_from([outcome, Outcome.FORCED, Outcome.REJECTED]))
    return GateResult(
        name=draw(names),
        outcome=outcome,
        nodeid=draw(lines),
        reason=draw(lines) if judgement.outcome is Outcome.UNJUDGED else None,
        source=draw(st.none() | lines),
        digest_before=draw(st.none() | lines),
        digest_after=draw(st.none() | lines),
        settings=draw(st.dictionaries(names, settings, max_size=3)),
        metrics=found,
        checks=judgement.checks,
        layers=tuple(draw(st.lists(layers, max_size=2))),
        artifact=draw(st.none() | artifacts),
        forced="a reason" if outcome is Outcome.FORCED else None,
        attempts=draw(st.integers(1, 9)),
        worker=draw(st.none() | st.just("gw0")),
        duration=draw(st.floats(0, 1e6)),
        versions=draw(st.dictionaries(names, lines, max_size=2)),
        machine=draw(st.none() | st.just("Linux x86_64")),
        sweep=draw(st.none() | names),
        trials=tuple(draw(st.lists(trials, max_size=2))),
        reused=draw(st.booleans()),
        notes=tuple(draw(st.lists(lines, max_size=2))),
        breakdown=draw(st.none() | breakdowns),
        spent=draw(st.dictionaries(names, st.floats(0, 1e6), max_size=2)),
        better=draw(st.dictionaries(names, st.sampled_from(["lower", "higher"]), max_size=2)),
    )
