"""Text of unknown origin becomes harmless, and stays as it is where it was."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.errors import ConfigError, ModelFileError, RuleError
from pytest_paoding.records.text.escapes import as_line, as_lines, printable

TEXTS = st.text() | st.lists(
    st.sampled_from(
        ["::", ":", "##[", "##vso[", "#", "error", " ", "\t", "\n", "\x1b[2J", "\u202e", "\\", "a"]
    )
).map("".join)


@given(TEXTS)
def test_a_line_is_printable_and_no_command(text: str) -> None:
    line = as_line(text)
    assert line.isprintable()
    assert not line.lstrip().startswith("::")
    assert not re.search(r"##\w*\[", line)
    assert as_line(line) == line


@given(TEXTS)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert printable(shown) == shown
    assert (shown == text) == text.isprintable()
    if text.isprintable() and "::" not in text and "##" not in text:
        assert as_line(text) == text


@given(TEXTS)
def test_lines_stay_lines(text: str) -> None:
    assert as_lines(text).count("\n") == text.count("\n")
    assert as_lines(text).replace("\n", "").isprintable()


@given(TEXTS)
def test_errors_are_printable(text: str) -> None:
    for kind in (ModelFileError, RuleError):
        assert str(kind(text)).isprintable()
    assert str(ConfigError(text)).count("\n") == text.count("\n")
    assert str(ConfigError(text)).replace("\n", "").isprintable()
