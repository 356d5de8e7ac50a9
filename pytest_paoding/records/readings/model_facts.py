"""What can be read off a model before anything is done to it: its inputs and its outputs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InputFacts:
    """One input.

    Attributes:
        name: Its name.
        shape: Its shape without the batch; None where a length is not fixed.
        dtype: Its dtype by name.
        kind: What it holds, such as `picture`.
        low: Least value that it may hold.
        high: Largest value that it may hold.
        why: Where the range is known from; empty where nothing tells it.
        exact: Whether every position has that range, and nothing legal lies beyond it.
        looked_up: Whether its values are tokens, which have no range.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    kind: str
    low: float
    high: float
    why: str = ""
    exact: bool = True
    looked_up: bool = False


@dataclass(frozen=True, slots=True)
class OutputFacts:
    """One output.

    Attributes:
        name: Its name.
        shape: Its shape without the batch; None where a length is not fixed.
        task: What it is judged as, such as `classes`.
        why: Where that is known from.
        guessed: Whether it may as well be something else.
    """

    name: str
    shape: tuple[int | None, ...]
    task: str
    why: str
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model from outside.

    Attributes:
        inputs: Its inputs, in order.
        outputs: Its outputs, in order.
    """

    inputs: tuple[InputFacts, ...]
    outputs: tuple[OutputFacts, ...]
