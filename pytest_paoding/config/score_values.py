"""Readers of what is judged: tasks of outputs, scores, and slices of the data."""

from __future__ import annotations

from pytest_paoding.config.values import data, one_or_by_name
from pytest_paoding.records.asked_for import AskedFor
from pytest_paoding.records.protocol import TASKS
from pytest_paoding.records.text.quantities import as_given


def task(value: object) -> str | dict[str, str]:
    """Return what outputs are judged as: one of the known tasks, or that by output name.

    A text is `regression`, or `mask=positions,kind=classes`.
    """
    return one_or_by_name(value, _task)


def scores(value: object) -> tuple[str | AskedFor, ...]:
    """Return the scores to compare: a name, or several, or what only code can give.

    A name is that of a score or of a metric of Keras, or `package.module:callable`. The better
    direction stands behind it where it is not known: `metrics:peak_error=lower`. `joint:` before
    it asks for one of all outputs together.
    """
    given = value.split(",") if isinstance(value, str) else value
    given = [given] if isinstance(given, AskedFor) else given
    if not isinstance(given, (list, tuple)) or not given:
        raise ValueError(f'{as_given(value)} is not a list of scores such as ["rmse", "r2"]')
    found = [each if isinstance(each, AskedFor) else _score(each) for each in given]
    if len({AskedFor.of(each).name for each in found}) < len(found):
        raise ValueError(f"{as_given(value)} names a score twice")
    return tuple(found)


def slices(value: object) -> object:
    """Return what names the slices, a callable that only code can give, or a reference to it."""
    return value if callable(value) else data(value)


def _task(value: object) -> str:
    if isinstance(value, str) and value in TASKS:
        return value
    raise ValueError(f"{as_given(value)} is not one of {', '.join(TASKS)}")


def _score(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"{as_given(value)} is not the name of a score")
    AskedFor.read(value)
    return value.strip()
