"""The run as one self-contained HTML page: no script, no font, no network."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from pytest_paoding.reporting import wording
from pytest_paoding.reporting.change_rows import CHANGE_HEADS, change_lines, change_rows
from pytest_paoding.reporting.file_lines import file_heads, file_rows
from pytest_paoding.reporting.origin import ORIGIN, origin
from pytest_paoding.reporting.trends.trends_page import trend_parts
from pytest_paoding.reporting.web import charts
from pytest_paoding.reporting.web.breakdown_page import breakdown_parts
from pytest_paoding.reporting.web.hypertext import details, escape, table
from pytest_paoding.reporting.web.outcome_colours import coloured, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.records.plan import LayerResult
    from pytest_paoding.records.results import GateResult
    from pytest_paoding.records.runs.history import GateTrend, Trends
    from pytest_paoding.records.runs.run_record import RunRecord

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may do with the page: show it. A report that was merged may be of anybody."""


def page(record: RunRecord, trends: Trends | None = None) -> str:
    """Return the whole page.

    Args:
        record: The run.
        trends: What has become of its gates over the last runs; None where nobody knows.
    """
    over_runs = trends or {}
    style = (files("pytest_paoding.reporting.web") / "page.css").read_text(encoding="utf-8")
    passed, number = record.exit == 0, len(record.results)
    verdict = "passed" if passed else "did not pass"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>paoding: {number} gate{"s" * (number != 1)}, {verdict}</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#gates">Skip to the gates</a>
<header>
<h1>paoding</h1>
<p class="{"in" if passed else "out"}">The run {verdict} (exit status {record.exit}).</p>
{_facts(record)}
</header>
<main id="gates">
{_overview(record)}
{_changes(record)}
{"".join(_tradeoff(name, group) for name, group in _groups(record.results))}
{"".join(_gate(result, over_runs.get(result.name)) for result in record.results)}
</main>
</body>
</html>
"""


def _facts(record: RunRecord) -> str:
    around = {key: value for key, value in record.environment.items() if key not in ORIGIN}
    facts = [f"{key} {value}" for key, value in around.items() if value is not None]
    made = "".join(f"<dt>{key}</dt><dd>{escape(text)}</dd>" for key, text in origin(record).items())
    lines = [
        *record.faults,
        *(f"Required gate {name} did not run." for name in record.required_missing),
        *(f"Baseline entry {name} is stale." for name in record.stale),
        *([] if record.complete else ["The run did not reach its end."]),
    ]
    items = "".join(f'<li class="out">{escape(line)}</li>' for line in lines)
    told = f"<dl>{made}</dl><p>{escape(', '.join(facts))}</p>"
    return told + (f"<ul>{items}</ul>" if items else "")


def _overview(record: RunRecord) -> str:
    rows = [
        (
            f'<a href="#{_anchor(result)}">{escape(result.name)}</a>',
            _word(result),
            *map(escape, wording.overview(result)),
        )
        for result in record.results
    ]
    return table("Gates", wording.OVERVIEW, rows)


def _changes(record: RunRecord) -> str:
    if record.changes is None:
        return ""
    since = f"Changes since {escape(record.changes.since)}"
    found = change_rows(record.changes)
    rows = [(*map(escape, cells), coloured(word)) for *cells, word in found]
    lines = "".join(f"<p>{escape(line)}</p>" for line in change_lines(record.changes))
    shown = table(since, CHANGE_HEADS, rows) if rows else ""
    return f"<section><h2>{since}</h2>{shown}{lines}</section>"


def _gate(result: GateResult, trend: GateTrend | None) -> str:
    notes = "".join(f"<li>{escape(note)}</li>" for note in result.notes)
    grounds = result.grounds
    return f"""<section id="{_anchor(result)}" aria-labelledby="{_anchor(result)}-name">
<h2 id="{_anchor(result)}-name">{escape(result.name)} {_word(result)}</h2>
{f"<p>{escape(grounds)}</p>" if grounds else ""}
{f"<p>{escape(wording.pruned(result))}</p>" if result.layers else ""}
{f"<ul>{notes}</ul>" if notes else ""}
{_budgets(result)}
{_files(result)}
{"" if trend is None else trend_parts(result, trend)}
{breakdown_parts(result)}
{details("Layers", _layers(result)) if result.layers else ""}
{details("All metrics", _metrics(result)) if result.metrics else ""}
{details("Settings", _settings(result)) if result.settings else ""}
{details("Time", _times(result)) if result.spent else ""}
</section>
"""


def _budgets(result: GateResult) -> str:
    if not result.checks:
        return ""
    rows = []
    for row, check in zip(wording.rows(result), result.checks, strict=True):
        cells = [escape(cell) for cell in row]
        rows.append((*cells[:6], charts.bar(check), cells[6], escape(check.limit.source)))
    heads = ("budget", *wording.ROW[1:6], "found to limit", "verdict", "from")
    return table("Budgets", heads, rows)


def _files(result: GateResult) -> str:
    rows = [[escape(cell) for cell in row] for row in file_rows(result)]
    return table("Files", file_heads(result), rows) if rows else ""


def _layers(result: GateResult) -> str:
    rows = [
        (
            escape(layer.name),
            str(layer.units),
            str(layer.kept),
            charts.share_bar(layer.kept, layer.units),
            _flops(layer),
            escape(layer.reason or layer.criterion or ""),
        )
        for layer in result.layers
    ]
    heads = ("layer", "before", "after", "stays", "FLOPs", "how, or why not more")
    return table("Layers", heads, rows)


def _flops(layer: LayerResult) -> str:
    if layer.flops is None or layer.flops_kept is None:
        return ""
    return f"{layer.flops} to {layer.flops_kept}"


def _metrics(result: GateResult) -> str:
    rows = [
        [escape(cell) for cell in wording.measured_row(name, measured)]
        for name, measured in result.metrics.items()
    ]
    return table("All metrics", ("metric", *wording.MEASURED[1:]), rows)


def _settings(result: GateResult) -> str:
    rows = [
        (escape(key), escape(str(setting.value)), escape(setting.source))
        for key, setting in result.settings.items()
    ]
    return table("Settings", ("setting", "value", "from"), rows)


def _times(result: GateResult) -> str:
    parts = sorted(result.spent.items(), key=lambda part: -part[1])
    rows = [(escape(what), f"{seconds:.1f} s") for what, seconds in parts]
    return table("Time", ("what", "seconds"), rows)


def _groups(results: Sequence[GateResult]) -> list[tuple[str, list[GateResult]]]:
    """Return the gates of every sweep, and those that searched, by name."""
    found: dict[str, list[GateResult]] = {}
    for result in results:
        if result.sweep or result.trials:
            found.setdefault(result.sweep or result.name, []).append(result)
    return list(found.items())


def _tradeoff(name: str, group: list[GateResult]) -> str:
    drawn = "".join(charts.drawing(curve) for curve in charts.curves(group))
    if not drawn:
        return ""
    return (
        f'<section><h2>{escape(name)} over ratios</h2><div class="curves">{drawn}</div></section>'
    )


def _word(result: GateResult) -> str:
    return f'<span class="word {kind_of(result.outcome)}">{result.word}</span>'


def _anchor(result: GateResult) -> str:
    return f"gate-{escape(result.name)}"
