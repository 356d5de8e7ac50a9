"""Recollection: what an original has said of samples, for the next time it is shown the same.

A search for a ratio, a sweep over several, and gates on one model in several formats judge many
pruned models beside the same original, on the same samples, under the same attack. Its outputs and
gradients depend on nothing else, so they are computed once. The last few models are remembered for
as long as the process lives, as far as what is kept of each is small; the models themselves are
not kept alive.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.keras_io.digest import identify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_paoding.engine.evaluation.observing.heads import Head
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask

_KEPT = 4  # models
_BYTES = 1 << 26  # of what is kept of one of them at most: 64 MB


@dataclass(slots=True, eq=False)
class Recollection:
    """What a model has said at its judged outputs.

    Attributes:
        heads: What these hold, and whether an activation follows; empty until the model was traced.
    """

    heads: list[tuple[Head, bool]] = field(default_factory=list)
    _said: dict[str, Any] = field(default_factory=dict, init=False)
    _bytes: int = field(default=0, init=False)

    def recalled(self, about: str, given: Sequence[Any], work: Callable[[], Any]) -> Any:
        """Return what was found before of the same, or else find it, and keep it if it is small.

        Args:
            about: What is found, and all that it depends on besides.
            given: Tensors or arrays it is found for.
            work: Finds it: tensors in lists and tuples, that depend on nothing else.
        """
        key = _digest(about, given)
        if key is None:
            return work()
        if key in self._said:
            return self._said[key]
        found = work()
        size = sum(each.dtype.size * each.numpy().size for each in tf.nest.flatten(found))
        if self._bytes + size <= _BYTES:
            self._said[key] = found
            self._bytes += size
        return found


_recollections: OrderedDict[str, Recollection] = OrderedDict()


def recollection_of(model: Any, tasks: Mapping[int, OutputTask]) -> Recollection | None:
    """Return what a model has said at outputs that are judged alike: nothing at first.

    None for a model with layers of a project's own, whose code may change.

    Args:
        model: The model.
        tasks: The tasks of the outputs to be judged, by index.

    Cost: a digest of the weights.
    """
    identity = identify(model)
    if identity is None:
        return None
    told = [  # names of tensors are numbered anew each time that a model is loaded
        (index, type(task).__name__, {**vars(task), "port": task.port.shape})
        for index, task in tasks.items()
    ]
    key = f"{identity} {told}"
    found = _recollections.setdefault(key, Recollection())
    _recollections.move_to_end(key)
    while len(_recollections) > _KEPT:
        _recollections.popitem(last=False)
    return found


def _digest(about: str, given: Sequence[Any]) -> str | None:
    """Return a digest of tensors and what is asked of them; None where some are not numbers."""
    found = hashlib.sha256(about.encode())
    for each in given:
        array = np.asarray(each)
        if array.dtype.kind not in "biuf":
            return None
        found.update(f" {array.dtype} {array.shape} ".encode())
        found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return found.hexdigest()
