"""The tables of the pages, made from the catalogues.

`python tests/support/doc_tables.py` rewrites them in all pages. It makes whatever stands between
`<!-- table: NAME -->` and `<!-- end -->`. Last columns that are prose, such as what a key means,
stay as the page has them, row by row.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding import plugin
from pytest_paoding.config import tables
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.doc_rows import markdown
from pytest_paoding.config.catalogue.keys import EngineCall, Scope
from pytest_paoding.engine.graph.rules import registry
from pytest_paoding.plugin import hookspecs, options
from pytest_paoding.records import formats, metrics, strategy_names
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_paoding.config.catalogue.keys import Key
    from pytest_paoding.records.metrics import Metric

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "pytest_paoding" / "docs").glob("*.md"))
PAGES = (ROOT / "README.md", ROOT / "example_project" / "README.md", *DOCS)
BLOCK = re.compile(r"(<!-- table: ([\w-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_CELLS = re.compile(r"(?<!\\)\|")
_WIDTH = 100
_PRUNE = EngineCall.PRUNE

_AMOUNTS = {
    Unit.SHARE: "a share",
    Unit.RETENTION: "a factor",
    Unit.PERCENT: "a share",
    Unit.COUNT: "a number",
    Unit.BYTES: "a size",
    Unit.PLAIN: "a number",
}


def option_rows() -> dict[str, str]:
    """Return every option of pytest that is no limit, as it is written, with its help."""
    return {
        _written(names[0], given): given["help"].replace("%%", "%")
        for names, given in _options()
        if not _limit(names)
    }


def _options() -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    found: list[tuple[tuple[str, ...], dict[str, Any]]] = []

    class Recorder:
        def getgroup(self, *_: str) -> Recorder:
            return self

        def addoption(self, *names: str, **given: Any) -> None:
            found.append((names, given))

    options.add_options(Recorder())  # type: ignore[arg-type]
    return found


def _limit(names: tuple[str, ...]) -> bool:
    return names[0].removeprefix("--paoding-").replace("-", "_") in metrics.LIMITS


def _written(name: str, given: dict[str, Any]) -> str:
    few = 3
    choices = given.get("choices", ())
    value = given.get("metavar") or ("NAME" if len(choices) > few else "\\|".join(choices))
    if given.get("nargs") == "?":
        return f"{name}[={value}]"
    return f"{name}={value}" if value else name


def layer_names(*, issuing: bool) -> set[str]:
    """Return the public names of the layers whose rules issue units, or only follow them."""
    public = {each: name for name, each in vars(keras.layers).items() if inspect.isclass(each)}
    public |= {each: each.__name__ for each in public if hasattr(keras.layers, each.__name__)}
    return {
        public[each]
        for each, rule in registry._rules.items()
        if each in public and ("issue" in _called(rule, set())) == issuing
    }


def _called(function: Any, seen: set[Any]) -> set[str]:
    """Return the names that a rule and the helpers beside it use."""
    seen.add(function)
    names = set(function.__code__.co_names)
    near = (function.__globals__.get(name) for name in function.__code__.co_names)
    helpers = [
        each for each in near if inspect.isfunction(each) and each.__module__ == function.__module__
    ]
    return names.union(*(_called(each, seen) for each in helpers if each not in seen))


def hooks() -> dict[str, Any]:
    """Return the hooks by name."""
    return {name: hook for name, hook in vars(hookspecs).items() if name.startswith("pytest_pao")}


def _hook_section(name: str) -> str:
    hook = hooks()[name]
    told, _, code = (inspect.getdoc(hook) or "").partition("::\n\n")
    first = "\nThe first result that is not None counts." if hook.pytest_spec["firstresult"] else ""
    code = textwrap.dedent(code).rstrip()
    head = f"{name}({', '.join(inspect.signature(hook).parameters)})"
    summary, _, rest = told.partition("\n\n")
    return f"### `{head}`\n\n{summary}{first}\n\n{rest}:\n\n```python\n{code}\n```\n"


def table(
    head: str, rows: Iterable[tuple[str, ...]], *, told: int = 1, hints: Iterable[str] = ()
) -> Callable[[str], str]:
    """Return what makes a table out of facts, with the last `told` columns as in the page.

    Args:
        head: Titles of the columns.
        rows: Cells of the columns before.
        told: Number of columns that are prose.
        hints: What the last column says of each row that the page does not have yet.
    """
    columns = head.split("|")

    def made(present: str) -> str:
        known = {_name(cells[0]): cells[-told:] for cells in _rows(present)} if told else {}
        lines = [columns, ["---"] * len(columns)]
        for cells, hint in zip_longest(rows, hints, fillvalue=""):
            new = [*[""] * (told - 1), hint]
            lines.append([*cells, *known.get(_name(cells[0]), new)])
        return "".join(f"| {' | '.join(cells)} |\n".replace("|  |", "| |") for cells in lines)

    return made


def _rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in _CELLS.split(line)[1:-1]]


def _name(cell: str) -> str:
    """Return the name that a first cell begins with, without a value behind it."""
    return re.split(r"[=\[`]", cell.removeprefix("`"))[0]


def _listed(names: Iterable[str]) -> str:
    text = f"{', '.join(names)}."
    lines = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(("", *lines, "", ""))


def _layers(*, issuing: bool) -> Callable[[str], str]:
    def made(present: str) -> str:
        newer = set(re.findall(r"`(\w+)`", present)) - set(vars(keras.layers))  # in other versions
        return _listed(f"`{name}`" for name in sorted(layer_names(issuing=issuing) | newer))

    return made


def _settings(keys: Iterable[Key]) -> Callable[[str], str]:
    text = markdown(keys)
    return lambda _: text


def _budgets(chosen: Callable[[Metric], bool]) -> Callable[[str], str]:
    rows = [
        (f"`{key}`", _AMOUNTS[each.unit], "yes" if key in metrics.FILE_BUDGETS else "no")
        for key, each in metrics.BUDGETS.items()
        if chosen(each)
    ]
    return table("key|a limit is|exported files|measured as", rows)


def _limit_options(_: str) -> str:
    return _listed(
        f"`{names[0]}=LIMIT`" + "".join(f" (or `{other}`)" for other in names[1:])
        for names, _ in _options()
        if _limit(names)
    )


def _estimated(metric: Metric) -> bool:
    return metric.sampled and metric.extra is None


def _other(metric: Metric) -> bool:
    return not metric.counted and not _estimated(metric)


_ALIASES = {name: alias for alias, name in strategy_names.ALIASES.items()}
BLOCKS: dict[str, Callable[[str], str]] = {
    "settings-pruning": _settings(key for key in SETTINGS.within("") if _PRUNE in key.calls),
    "settings-run": _settings(
        (
            *(key for key in SETTINGS.within("") if _PRUNE not in key.calls),
            *SETTINGS.within("", Scope.RUN),
        )
    ),
    "settings-attack": _settings(SETTINGS.within("attack")),
    "settings-corruption": _settings(SETTINGS.within("corruption")),
    "settings-model": _settings(SETTINGS.within("", Scope.MODEL)),
    "model-keys": lambda _: _listed(f"`{key}`" for key in tables.GateTable.model_fields),
    "budgets-estimated": _budgets(_estimated),
    "budgets-counted": _budgets(lambda metric: metric.counted),
    "budgets-other": _budgets(_other),
    "regressions": table(
        "key|a limit is|exported files|measured as",
        [
            (f"`{key}`", _AMOUNTS[each.unit], "yes" if each.on_files else "no")
            for key, each in metrics.REGRESSIONS.items()
        ],
    ),
    "formats": table(
        "format|file|needs|is",
        [(f"`{name}`", f"`NAME{ending}`") for name, ending in formats.ENDINGS.items()],
        told=2,
    ),
    "strategies": table(
        "strategy|also called|how",
        [
            (f"`{name}`", f"`{_ALIASES[name]}`" if name in _ALIASES else "")
            for name in strategy_names.NAMES
        ],
    ),
    "options": table(
        "option|meaning",
        [(f"`{each}`",) for each in option_rows()],
        hints=[f"{text[0].upper()}{text[1:]}." for text in option_rows().values()],
    ),
    "limit-options": _limit_options,
    "fixtures": table("fixture|is", [(f"`{name}`",) for name in plugin.__all__]),
    "hooks": lambda _: "\n".join(("", *map(_hook_section, hooks()), "")),
    "layers-issuing": _layers(issuing=True),
    "layers-following": _layers(issuing=False),
}


def renewed(text: str) -> str:
    """Return a page with every block as the catalogues say."""
    return BLOCK.sub(lambda at: f"{at[1]}{BLOCKS[at[2]](at[3])}{at[4]}", text)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
