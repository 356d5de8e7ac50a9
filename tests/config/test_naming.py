from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.config.model_names import check_name, name_for


@pytest.mark.parametrize("name", ("digits_cnn", "a", "v1.2-beta", "_x", "a" * 100))
def test_plain_names_are_taken(name: str) -> None:
    assert check_name(name) == name
    assert name_for(name) == name


@pytest.mark.parametrize(
    "name",
    (
        "",
        ".hidden",
        "-option",
        "a/b",
        "a\\b",
        "a b",
        "ü",
        "con",
        "NUL.txt",
        "com1",
        "a.",
        "a" * 101,
    ),
)
def test_names_that_some_file_system_refuses_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a gate"):
        check_name(name)


def test_an_item_with_a_clean_parameter_keeps_it_readable() -> None:
    assert name_for("test_release[digits-8]") == "test_release-digits-8"


def test_items_that_sanitise_alike_stay_apart() -> None:
    names = {name_for(f"test_x[{sign}]") for sign in "/:*\\?[]ü "}
    assert len(names) == 9


@given(st.text())
def test_every_item_gets_a_valid_name_and_keeps_it(item: str) -> None:
    name = name_for(item)
    assert check_name(name) == name == name_for(item)


@given(st.text(), st.text())
def test_two_parameters_never_share_a_name(one: str, two: str) -> None:
    assert (name_for(f"test_x[{one}]") == name_for(f"test_x[{two}]")) == (one == two)
