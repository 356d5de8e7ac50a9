"""Configurations of layers, which may hold code that has none, or be whatever a file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import RAISED, SurgeryError, cause_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 200
_MOST_CALLS = 20_000  # of the largest of keras.applications there are 4,000


def config_of(layer: Any) -> dict[str, Any]:
    """Return what `get_config()` of a layer or operation does.

    Raises:
        SurgeryError: It, or what the layer holds, such as a regularizer, has none.
    """
    try:
        config: dict[str, Any] = layer.get_config()
    except RAISED as error:
        raise SurgeryError(
            f"layer {layer.name!r} ({type(layer).__name__}) cannot be made again, as it has no "
            f"configuration: {cause_of(error)}"
        ) from error
    return config


def objects_in(config: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every dict in a configuration, outer ones first, and the name it stands under.

    The name is its own, or that of what it configures, else that of the innermost one around it.

    Raises:
        ValueError: It is nested deeper than any model is, or calls layers more often: a model that
            is called twice in a model that is called twice, and so on, would be run for ever.
    """
    rest: list[tuple[Any, str, int, int]] = [(config, "model", 0, 1)]
    calls = 0
    while rest:
        node, name, depth, times = rest.pop()
        if depth > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} levels deep")
        if isinstance(node, dict):
            inner = node.get("config")
            name = str(node.get("name") or (isinstance(inner, dict) and inner.get("name")) or name)
            calls += times if "class_name" in node else 0
            if calls > _MOST_CALLS:
                raise ValueError(f"it calls for more than {_MOST_CALLS:,} objects")
            yield name, node
            nodes = node.get("inbound_nodes")
            times *= max(1, len(nodes)) if isinstance(nodes, list) else 1
            node = list(node.values())
        if isinstance(node, list):
            rest += [(each, name, depth + 1, times) for each in reversed(node) if each]
