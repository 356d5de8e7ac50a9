"""Models that Keras has quantized, in every way it has: nothing of them goes, and they say why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import pytest
from keras import layers

from pytest_paoding import prune
from pytest_paoding.engine.dissection import dissect
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.errors import PruningError
from pytest_paoding.reporting.anatomy_page import anatomy_text
from support.nightly import nightly

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # of Keras
    pytest.mark.filterwarnings("ignore:Layer .* does not have a:UserWarning"),
]


def around(*inner: Any, shape: tuple[int, ...] = (8,)) -> keras.Model:
    x = keras.Input(shape)
    y = x
    for each in inner:
        y = each(y, y) if isinstance(each, layers.MultiHeadAttention) else each(y)
    return keras.Model(x, layers.Dense(2, name="last")(y), name="net")


MODELS = {
    "dense": lambda: around(layers.Dense(6, name="it"), layers.Dense(6)),
    "many": lambda: around(layers.Dense(6, name="it"), *(layers.Dense(5) for _ in range(4))),
    "wrapped": lambda: around(layers.TimeDistributed(layers.Dense(6), name="it"), shape=(5, 8)),
    "attention": lambda: around(layers.MultiHeadAttention(2, 4, name="it"), shape=(5, 8)),
    "nested": lambda: around(
        keras.Sequential([keras.Input((8,)), layers.Dense(6, name="it")], name="inner")
    ),
}


def quantized(model: Any, mode: str) -> Any:
    try:
        model.quantize(mode)
    except (TypeError, ValueError):
        pytest.skip("this version of Keras has no such quantization")
    return model


@pytest.mark.parametrize("mode", ("int8", *nightly("int4", "float8")))
@pytest.mark.parametrize("name", MODELS)
def test_a_quantized_model_says_so_whatever_is_asked_of_it(name: str, mode: str) -> None:
    model = quantized(MODELS[name](), mode)
    with pytest.raises(PruningError, match="has nothing to prune: layer ") as caught:
        prune(model, ratio=0.5, strategy="magnitude")
    assert f"it' is quantized ({mode})" in str(caught.value)
    assert str(caught.value).endswith(": prune the model before quantizing it")
    shown = anatomy_text(dissect(model))
    assert "units that stay" in shown
    for each in ("it", "last"):
        line = f"{each}: it is quantized ({mode}): prune the model before quantizing it"
        assert line in shown


def test_the_number_of_units_that_stay_is_told() -> None:
    (first, *_) = dissect(quantized(MODELS["dense"](), "int8")).pinned
    assert first[:2] == ("it", 6)


def test_a_saved_one_says_so_too(tmp_path: Path) -> None:
    quantized(MODELS["dense"](), "int8").save(tmp_path / "net.keras")
    with pytest.raises(PruningError, match=r"'it' is quantized \(int8\)"):
        prune(load_model(tmp_path / "net.keras"), ratio=0.5, strategy="magnitude")


def test_where_one_layer_is_quantized_it_is_named_beside_the_others() -> None:
    model = around(layers.Dense(6, name="it"))
    model.get_layer("it").quantize("int8")
    with pytest.raises(PruningError) as caught:
        prune(model, ratio=0.5, strategy="magnitude")
    assert "'it' is quantized (int8); layer 'last': it is an output of" in str(caught.value)
    free = around(layers.Dense(6, name="it"))
    assert "quantized" not in anatomy_text(dissect(free))
