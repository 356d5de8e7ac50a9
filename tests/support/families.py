"""The architectures of keras.applications, whole and in small.

Each has the number of units that may leave it, reviewed once and then frozen, as the oracles cannot
see that an engine pins or joins too much. The numbers of the whole ones agree with an independent
count by another engine on the same idea.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras import applications

try:
    from keras.src.applications import convnext, densenet, efficientnet, nasnet, resnet
except ImportError:  # no public names: a later Keras may move them
    convnext = densenet = efficientnet = nasnet = resnet = None

if TYPE_CHECKING:
    from collections.abc import Callable

_COMMON = {"weights": None, "classes": 10, "classifier_activation": None}

# Name: side of the smallest legal input, number of units that may leave.
WHOLE = {
    "ConvNeXtTiny": (32, 26496),
    "DenseNet121": (32, 10240),
    "EfficientNetB0": (32, 11404),
    "EfficientNetV2B0": (32, 15840),
    "InceptionResNetV2": (75, 30272),
    "InceptionV3": (75, 17216),
    "MobileNet": (32, 5984),
    "MobileNetV2": (32, 9128),
    "MobileNetV3Large": (32, 8696),
    "MobileNetV3Small": (32, 4872),
    "NASNetMobile": (32, 11956),
    "ResNet50": (32, 11456),
    "ResNet50V2": (32, 11456),
    "VGG16": (32, 12416),
    "Xception": (71, 19304),
}


def whole(name: str) -> Any:
    """Build a whole architecture, for its smallest legal input and ten classes."""
    side, _ = WHOLE[name]
    return getattr(applications, name)(input_shape=(side, side, 3), **_COMMON)


def _options(side: int = 32) -> dict[str, Any]:
    return {**_COMMON, "input_shape": (side, side, 3)}


def _stack(block: str) -> Any:
    def stack(x: Any) -> Any:
        add = getattr(resnet, f"stack_residual_blocks_{block}")
        return add(add(x, 8, 2, stride1=1, name="a"), 12, 2, name="b")

    return stack


def _densenet() -> Any:
    return densenet.DenseNet((2, 2, 2, 2), **_options())


def _nasnet() -> Any:
    sizes = {"num_blocks": 1, "penultimate_filters": 96, "stem_block_filters": 8}
    return nasnet.NASNet(**sizes, **_options())


def _resnet() -> Any:
    return resnet.ResNet(_stack("v1"), preact=False, use_bias=True, **_options())


def _resnet_v2() -> Any:
    return resnet.ResNet(_stack("v2"), preact=True, use_bias=True, **_options())


def _efficientnet() -> Any:
    return efficientnet.EfficientNet(0.25, 0.3, 32, **_options())


def _convnext() -> Any:
    return convnext.ConvNeXt([1] * 4, [8, 16, 24, 32], **_options())


def _mobilenet() -> Any:
    return applications.MobileNet(alpha=0.25, **_options())


def _mobilenet_v2() -> Any:
    return applications.MobileNetV2(alpha=0.35, **_options())


def _mobilenet_v3() -> Any:
    return applications.MobileNetV3Small(alpha=0.25, minimalistic=True, **_options())


# Name: builder, number of units that may leave.
SMALL: dict[str, tuple[Callable[[], Any], int]] = {
    "convnext": (_convnext, 320),
    "densenet": (_densenet, 1536),
    "efficientnet": (_efficientnet, 1688),
    "mobilenet": (_mobilenet, 1496),
    "mobilenet_v2": (_mobilenet_v2, 4144),
    "mobilenet_v3": (_mobilenet_v3, 2016),
    "nasnet": (_nasnet, 404),
    "resnet": (_resnet, 224),
    "resnet_v2": (_resnet_v2, 224),
}
