"""Layers that a drawn model may be made of, by the rank of what they read.

Each is a function of `Chance`. One that does not fit what it is called on is not used, nor one that
this Keras has not.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from keras import activations, layers
from keras.src.applications.convnext import LayerScale

if TYPE_CHECKING:
    from support.any_models.chance import Chance

ACTIVATIONS = [
    name
    for name in dir(activations)
    if name.islower()
    and not name.startswith("_")
    and name not in ("activations", "get", "serialize", "deserialize", "linear")
]


def act(chance: Chance) -> Any:
    """Return an activation: none, a usual one, any, or a layer in its place."""
    if chance.happens(0.05):
        return chance.one_of(layers.PReLU, layers.LeakyReLU)()
    usual = [None, "relu", "tanh", "sigmoid", "gelu"]
    return chance.one_of(*usual, *usual, chance.one_of(*ACTIVATIONS))


def _conv(kind: Any, chance: Chance, **more: Any) -> Any:
    options: dict[str, Any] = {"padding": chance.one_of("same", "valid"), "activation": act(chance)}
    options["use_bias"] = chance.happens(0.7)
    if "1D" in kind.__name__ and kind is layers.Conv1D:
        options["padding"] = chance.one_of("same", "valid", "causal")
    strided = chance.one_of({}, {}, {"strides": 2}, {"dilation_rate": 2})
    return kind(chance.width(), chance.one_of(1, 2, 3), **options, **strided, **more)


def _grouped(kind: Any, chance: Chance) -> Any:
    groups = chance.one_of(1, 2, 3)
    return kind(groups * chance.whole(1, 4), chance.one_of(1, 3), padding="same", groups=groups)


def _depthwise(kind: Any, chance: Chance) -> Any:
    return kind(
        chance.one_of(1, 3),
        depth_multiplier=chance.one_of(1, 2),
        padding="same",
        activation=act(chance),
        use_bias=chance.happens(0.5),
    )


def _recurrent(kind: Any, chance: Chance) -> Any:
    options: dict[str, Any] = {
        "return_sequences": chance.happens(0.5),
        "go_backwards": chance.happens(0.15),
        "use_bias": chance.happens(0.8),
        "stateful": chance.happens(0.1),
        "unroll": chance.happens(0.1),
        "dropout": chance.one_of(0.0, 0.0, 0.3),
        "recurrent_dropout": chance.one_of(0.0, 0.0, 0.2),
        "return_state": chance.happens(0.15),
    }
    if kind is layers.GRU:
        options["reset_after"] = chance.happens(0.6)
    return kind(chance.width(), **options)


def _bidirectional(chance: Chance) -> Any:
    inner = _recurrent(chance.one_of(layers.LSTM, layers.GRU, layers.SimpleRNN), chance)
    mode = chance.one_of("concat", "sum", "mul", "ave", None)
    if chance.happens(0.2):
        backward = type(inner).from_config({**inner.get_config(), "go_backwards": True})
        return layers.Bidirectional(inner, backward_layer=backward, merge_mode=mode)
    return layers.Bidirectional(inner, merge_mode=mode)


def _cells(chance: Chance) -> Any:
    kinds = layers.LSTMCell, layers.GRUCell, layers.SimpleRNNCell
    cells = [chance.one_of(*kinds)(chance.width()) for _ in range(chance.whole(1, 3))]
    cell = cells[0] if len(cells) == 1 else layers.StackedRNNCells(cells)
    return layers.RNN(cell, return_sequences=chance.happens(0.5))


def _norm_axis(kind: Any, chance: Chance, **options: Any) -> Any:
    return kind(axis=chance.one_of(-1, -1, -1, 1), **options)


def _spread(chance: Chance) -> Any:
    inner = chance.one_of(
        layers.Dense(chance.width()),
        layers.BatchNormalization(),
        layers.Flatten(),
        layers.Conv1D(chance.width(), 2, padding="same"),
        layers.Conv2D(chance.width(), 1),
        layers.LSTM(chance.width()),
        layers.GlobalAveragePooling1D(),
        layers.Dropout(0.3),
        layers.LayerNormalization(),
    )
    return layers.TimeDistributed(inner)


ANY = {
    "Dense": lambda c: layers.Dense(c.width(), act(c), use_bias=c.happens(0.8)),
    "Dense again": lambda c: layers.Dense(c.width(), act(c), kernel_regularizer="l2"),
    "EinsumDense": lambda c: layers.EinsumDense("...x,xy->...y", c.width(), bias_axes="y"),
    "Activation": lambda c: layers.Activation(c.one_of(*ACTIVATIONS)),
    "Softmax": lambda c: layers.Softmax(axis=c.one_of(-1, 1)),
    "ReLU": lambda c: layers.ReLU(max_value=c.one_of(None, 6), negative_slope=c.one_of(0, 0.1)),
    "PReLU": lambda c: layers.PReLU(shared_axes=c.one_of(None, [1])),
    "ELU": lambda c: c.one_of(layers.ELU, layers.LeakyReLU)(),
    "BatchNormalization": partial(_norm_axis, layers.BatchNormalization),
    "BatchNormalization bare": lambda _: layers.BatchNormalization(scale=False, center=False),
    "LayerNormalization": partial(_norm_axis, layers.LayerNormalization),
    "LayerNormalization axes": lambda c: layers.LayerNormalization(axis=c.one_of([1, 2], [-1])),
    "GroupNormalization": lambda c: layers.GroupNormalization(c.one_of(1, 2, 4, -1)),
    "RMSNormalization": lambda _: layers.RMSNormalization(),
    "UnitNormalization": partial(_norm_axis, layers.UnitNormalization),
    "Dropout": lambda c: c.one_of(
        layers.Dropout, layers.AlphaDropout, layers.GaussianDropout, layers.GaussianNoise
    )(0.3),
    "ActivityRegularization": lambda _: layers.ActivityRegularization(l2=0.1),
    "Identity": lambda _: layers.Identity(),
    "Rescaling": lambda c: layers.Rescaling(c.one_of(2.0, 1 / 255), c.one_of(0.0, -1.0)),
    "Normalization": lambda _: layers.Normalization(mean=1.0, variance=4.0),
    "Discretization": lambda _: layers.Discretization([-1.0, 0.0, 1.0]),
    "Flatten": lambda c: layers.Flatten(data_format=c.one_of(None, "channels_first")),
    "SpectralNormalization": lambda c: layers.SpectralNormalization(layers.Dense(c.width())),
    "TimeDistributed": _spread,
    "LayerScale": lambda _: LayerScale(0.1, 4),
}
FLAT = {
    "RepeatVector": lambda c: layers.RepeatVector(c.one_of(1, 3)),
    "EinsumDense flat": lambda c: layers.EinsumDense("ab,bcd->acd", (c.width(), 2), bias_axes="d"),
    "RandomRows": lambda _: layers.Reshape((-1, 1)),
    "Reshape channels": lambda c: layers.Reshape((-1, c.one_of(1, 2))),
    "Reshape image": lambda c: layers.Reshape((c.one_of(1, 2), -1, c.one_of(1, 2))),
}
SEQUENCE = {
    "Conv1D": partial(_conv, layers.Conv1D),
    "Conv1D grouped": partial(_grouped, layers.Conv1D),
    "SeparableConv1D": partial(_conv, layers.SeparableConv1D),
    "DepthwiseConv1D": partial(_depthwise, layers.DepthwiseConv1D),
    "Conv1DTranspose": partial(_conv, layers.Conv1DTranspose),
    "MaxPooling1D": lambda c: c.one_of(layers.MaxPooling1D, layers.AveragePooling1D)(
        2, padding=c.one_of("same", "valid")
    ),
    "GlobalPooling1D": lambda c: c.one_of(layers.GlobalAveragePooling1D, layers.GlobalMaxPooling1D)(
        keepdims=c.happens(0.2), data_format=c.one_of(None, None, "channels_first")
    ),
    "AdaptivePooling1D": lambda c: layers.AdaptiveAveragePooling1D(c.one_of(1, 2)),
    "UpSampling1D": lambda _: layers.UpSampling1D(2),
    "ZeroPadding1D": lambda _: layers.ZeroPadding1D((1, 2)),
    "Cropping1D": lambda _: layers.Cropping1D((0, 1)),
    "SpatialDropout1D": lambda _: layers.SpatialDropout1D(0.3),
    "LSTM": partial(_recurrent, layers.LSTM),
    "GRU": partial(_recurrent, layers.GRU),
    "SimpleRNN": partial(_recurrent, layers.SimpleRNN),
    "Bidirectional": _bidirectional,
    "RNN": _cells,
    "Masking": lambda _: layers.Masking(),
    "Permute": lambda _: layers.Permute((2, 1)),
    "Reshape flat": lambda _: layers.Reshape((-1,)),
    "EinsumDense heads": lambda c: layers.EinsumDense("abc,cde->abde", (None, 2, c.width())),
    "STFTSpectrogram": lambda _: layers.STFTSpectrogram(frame_length=4, frame_step=2),
}
IMAGE = {
    "Conv2D": partial(_conv, layers.Conv2D),
    "Conv2D first": lambda c: layers.Conv2D(c.width(), 3, data_format="channels_first"),
    "Conv2D grouped": partial(_grouped, layers.Conv2D),
    "SeparableConv2D": partial(_conv, layers.SeparableConv2D),
    "DepthwiseConv2D": partial(_depthwise, layers.DepthwiseConv2D),
    "Conv2DTranspose": partial(_conv, layers.Conv2DTranspose),
    "Pooling2D": lambda c: c.one_of(layers.MaxPooling2D, layers.AveragePooling2D)(
        2, padding=c.one_of("same", "valid")
    ),
    "GlobalPooling2D": lambda c: c.one_of(layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)(
        keepdims=c.happens(0.2)
    ),
    "AdaptivePooling2D": lambda c: layers.AdaptiveAveragePooling2D(c.one_of(1, 2)),
    "UpSampling2D": lambda c: layers.UpSampling2D(2, interpolation=c.one_of("nearest", "bilinear")),
    "ZeroPadding2D": lambda _: layers.ZeroPadding2D(1),
    "Cropping2D": lambda _: layers.Cropping2D(1),
    "SpatialDropout2D": lambda _: layers.SpatialDropout2D(0.3),
    "Resizing": lambda c: layers.Resizing(6, 5, crop_to_aspect_ratio=c.happens(0.3)),
    "CenterCrop": lambda _: layers.CenterCrop(3, 3),
    "ConvLSTM1D": lambda c: layers.ConvLSTM1D(
        c.width(), 2, padding="same", return_sequences=c.happens(0.5)
    ),
    "Permute image": lambda c: layers.Permute(c.one_of((3, 1, 2), (2, 1, 3))),
    "Reshape tokens": lambda c: layers.Reshape((-1, c.one_of(1, 2, 4))),
    "SpectralNormalization 2D": lambda c: layers.SpectralNormalization(layers.Conv2D(c.width(), 2)),
}
AUGMENTATIONS = {
    "RandomFlip": lambda _: layers.RandomFlip(),
    "RandomRotation": lambda _: layers.RandomRotation(0.1),
    "RandomZoom": lambda _: layers.RandomZoom(0.1),
    "RandomTranslation": lambda _: layers.RandomTranslation(0.1, 0.1),
    "RandomContrast": lambda _: layers.RandomContrast(0.2),
    "RandomBrightness": lambda _: layers.RandomBrightness(0.1, value_range=(0, 1)),
    "RandomCrop": lambda _: layers.RandomCrop(3, 3),
    "RandomHue": lambda _: layers.RandomHue(0.1, value_range=(0, 1)),
    "RandomErasing": lambda _: layers.RandomErasing(0.5),
    "AutoContrast": lambda _: layers.AutoContrast(value_range=(0, 1)),
    "Equalization": lambda _: layers.Equalization(value_range=(0, 1)),
    "Solarization": lambda _: layers.Solarization(value_range=(0, 1)),
    "RandAugment": lambda _: layers.RandAugment(value_range=(0, 1)),
    "Pipeline": lambda _: layers.Pipeline([layers.RandomFlip(), layers.RandomZoom(0.1)]),
    "RandomShear": lambda _: layers.RandomShear(0.1, 0.1),
    "RandomGrayscale": lambda _: layers.RandomGrayscale(),
    "MixUp": lambda _: layers.MixUp(),
}
VOLUME = {
    "Conv3D": partial(_conv, layers.Conv3D),
    "Conv3DTranspose": lambda c: layers.Conv3DTranspose(c.width(), 2),
    "Pooling3D": lambda c: c.one_of(layers.MaxPooling3D, layers.AveragePooling3D)(2),
    "GlobalPooling3D": lambda c: c.one_of(
        layers.GlobalAveragePooling3D, layers.GlobalMaxPooling3D
    )(),
    "AdaptivePooling3D": lambda c: layers.AdaptiveAveragePooling3D(c.one_of(1, 2)),
    "UpSampling3D": lambda _: layers.UpSampling3D(2),
    "ZeroPadding3D": lambda _: layers.ZeroPadding3D(1),
    "Cropping3D": lambda _: layers.Cropping3D(1),
    "SpatialDropout3D": lambda _: layers.SpatialDropout3D(0.3),
    "ConvLSTM2D": lambda c: layers.ConvLSTM2D(
        c.width(), 2, padding="same", return_sequences=c.happens(0.5)
    ),
    "Reshape volume": lambda c: layers.Reshape((-1, c.one_of(1, 2))),
}
CLIPS = {
    "ConvLSTM3D": lambda c: layers.ConvLSTM3D(c.width(), 2, padding="same"),
    "Reshape clips": lambda _: layers.Reshape((-1, 2)),
}
BY_RANK: dict[int, dict[str, Any]] = {
    1: FLAT,
    2: SEQUENCE,
    3: {**IMAGE, **AUGMENTATIONS},
    4: VOLUME,
    5: CLIPS,
}
