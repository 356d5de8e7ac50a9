"""The walk: one pass over a model's calls in which the rules label tensors and weights.

A rule records, through a `Visit`, what one layer does with labels. The walk gathers the records,
closes them under the laws of arrays, and returns them in terms of classes: a `Structure`, from
which groups are formed, plans are made and models are rebuilt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from pytest_paoding.engine.graph.closure import close
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.ledger import Ledger
from pytest_paoding.engine.graph.visit import Visit, Walk, as_views
from pytest_paoding.errors import PruningError, RuleError
from pytest_paoding.records.protocol import Mixing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.trace import Call, Graph
    from pytest_paoding.engine.graph.types import Shape
    from pytest_paoding.engine.graph.visit import Rule

MIXING = get_args(Mixing)


def walk(
    model: Any,
    rules: Callable[[Any], Rule],
    *,
    mixing: str = "exact",
    shapes: Sequence[Shape] | None = None,
) -> Structure:
    """Read `model` and run the rule of every call.

    Args:
        model: A Sequential or Functional model; it is not changed.
        rules: Returns the rule for an operation.
        mixing: Treatment of units that layers such as LayerNormalization compute statistics over:
            with `exact` they stay, so that the other units compute what they did; with `recompute`
            they may leave, and the statistics become those of the units left.
        shapes: Shapes of the inputs, where the model leaves lengths open; see `read_graph`.

    Cost: linear in the calls and in the positions whose labels they move.

    Raises:
        PruningError: The model has no graph, or `mixing` is not known.
    """
    if mixing not in MIXING:
        raise PruningError(f"mixing must be {' or '.join(map(repr, MIXING))}, not {mixing!r}")
    graph = read_graph(model, shapes)
    ledger = Ledger()
    for tensor, given in zip(graph.inputs, model.inputs, strict=True):
        ledger.views[tensor] = ledger.fixed(tensor.shape, f"it is the model's input {given.name!r}")
    for call in graph.calls:
        _visit(call, Walk(ledger, rules, mixing))
    _join_uses(graph, ledger)
    for tensor in graph.outputs:
        ledger.labels.pin(ledger.views[tensor].labels, "it is an output of the model")
    close(ledger)
    return ledger.structure(graph, mixing)


def _visit(call: Call, shared: Walk) -> None:
    views = shared.ledger.views
    visit = Visit(
        call.operation,
        call.name,
        tuple(views[tensor] for tensor in call.inputs),
        tuple(tensor.shape for tensor in call.outputs),
        call,
        shared,
    )
    try:
        outcome = as_views(shared.rules(call.operation)(visit))
    except RuleError as error:
        raise RuleError(
            f"the pruning rule of {visit.title} does not fit what the layer reads and holds: "
            f"{error}"
        ) from error
    for tensor, view in zip(call.outputs, outcome, strict=True):
        views[tensor] = view
        shared.ledger.titles[tensor] = visit.title


def _join_uses(graph: Graph, ledger: Ledger) -> None:
    """Join the inputs of all uses of a nested model, which has one input shape."""
    first = {use.model: use for use in reversed(graph.uses)}
    for use in graph.uses:
        for one, two in zip(first[use.model].inputs, use.inputs, strict=True):
            if one.shape == two.shape:
                ledger.labels.join(ledger.views[one].labels, ledger.views[two].labels)
