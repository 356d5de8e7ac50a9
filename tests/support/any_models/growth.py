"""The body of a drawn model, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from support.any_models.joins import JOINS
from support.any_models.layer_tables import ANY, BY_RANK
from support.any_models.operation_forms import operated
from support.any_models.strange_layers import STRANGE

if TYPE_CHECKING:
    from support.any_models.chance import Chance

MOST_VALUES = 3000
"""Values of one sample in one tensor: more would take time."""


class Body:
    """Tensors to build upon, and layers to use again."""

    def __init__(
        self, chance: Chance, tensors: list[Any], depth: int = 0, *, branches: bool = True
    ) -> None:
        self.chance = chance
        self.tensors = list(tensors)
        self.depth = depth
        self.branches = branches
        self.used: list[Any] = []

    def grow(self, steps: int) -> None:
        for _ in range(steps):
            for _ in range(8):  # most that is drawn fits, but not all
                if self._step():
                    break

    def _step(self) -> bool:
        chance = self.chance
        behind = not self.branches or chance.happens(0.75)
        x = self.tensors[-1] if behind else chance.one_of(*self.tensors)
        kinds = [self._usual]
        if self.branches:
            kinds = [self._usual] * 9 + [self._joined] * 3 + [self._operated] * 4
            kinds += [self._again, self._strange, self._shared_attention]
        if self.depth == 0:
            kinds += [self._nested]
        try:
            made = keras.tree.flatten(chance.one_of(*kinds)(x))
        except Exception:  # noqa: BLE001 # what does not fit is not used
            return False
        new = [each for each in made if _usable(each)]
        chance.arrays.shuffle(new)
        self.tensors += [self._as_numbers(each) for each in new[:3]]
        return bool(new)

    def _as_numbers(self, x: Any) -> Any:
        """Return a tensor of real numbers, most often."""
        if "float" in str(x.dtype) or self.chance.happens(0.1):
            return x
        return ops.cast(ops.real(x) if "complex" in str(x.dtype) else x, "float32")

    def _usual(self, x: Any) -> Any:
        table = BY_RANK.get(len(x.shape) - 1, {})
        table = ANY if not table or self.chance.happens(0.45) else table
        layer = table[self.chance.one_of(*table)](self.chance)
        return self._applied(layer, x)

    def _applied(self, layer: Any, x: Any) -> Any:
        made = layer(x)
        self.used.append(layer)
        return made

    def _joined(self, x: Any) -> Any:
        alike = [each for each in self.tensors if each.shape == x.shape and each is not x]
        near = [each for each in self.tensors if len(each.shape) == len(x.shape)]
        y = self.chance.one_of(*(alike or near))
        return JOINS[self.chance.one_of(*JOINS)](self.chance, x, y)

    def _operated(self, x: Any) -> Any:
        alike = [each for each in self.tensors if each.shape == x.shape]
        return operated(self.chance, x, self.chance.one_of(*alike))

    def _again(self, x: Any) -> Any:
        return self.chance.one_of(*self.used)(x)

    def _strange(self, x: Any) -> Any:
        return self._applied(STRANGE[self.chance.one_of(*STRANGE)](self.chance), x)

    def _shared_attention(self, x: Any) -> Any:
        """Self-attention with a residual stream, the usual block."""
        y = layers.Dense(self.chance.one_of(4, 6))(x)
        return layers.Add()([y, JOINS["MultiHeadAttention"](self.chance, y, y)])

    def _nested(self, x: Any) -> Any:
        inner = keras.Input(x.shape[1:], dtype=x.dtype)
        body = Body(self.chance, [inner], self.depth + 1)
        body.grow(self.chance.whole(1, 3))
        several = self.chance.happens(0.3)
        outputs = body.tensors[-2:] if several else body.tensors[-1]
        return self._applied(keras.Model(inner, outputs), x)


def _usable(tensor: Any) -> bool:
    if not isinstance(tensor, keras.KerasTensor) or len(tensor.shape) < 2:
        return False
    values = 1
    for size in tensor.shape[1:]:
        values *= 16 if size is None else size
    return 0 < values <= MOST_VALUES and len(tensor.shape) <= 6 and "string" not in tensor.dtype
