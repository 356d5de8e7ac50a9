"""Functions of Keras by their names, for what imports no Keras, or not every version of it."""

from __future__ import annotations

ELEMENTWISE = frozenset(
    [
        "celu",
        "elu",
        "exponential",
        "gelu",
        "hard_shrink",
        "hard_sigmoid",
        "hard_silu",
        "hard_tanh",
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "soft_shrink",
        "softplus",
        "softsign",
        "sparse_plus",
        "sparse_sigmoid",
        "squareplus",
        "tanh",
        "tanh_shrink",
        "threshold",
    ]
)
"""Activations that give each value by itself."""
OVER_LAST_AXIS = frozenset(["log_softmax", "softmax", "sparsemax"])
"""Activations that join the values of the last axis."""
_LOSSES_AND_METRICS = frozenset(
    [
        "binary_accuracy",
        "binary_crossentropy",
        "binary_focal_crossentropy",
        "categorical_accuracy",
        "categorical_crossentropy",
        "categorical_focal_crossentropy",
        "categorical_generalized_cross_entropy",
        "categorical_hinge",
        "circle",
        "concordance_correlation",
        "cosine_similarity",
        "ctc",
        "dice",
        "hinge",
        "huber",
        "kl_divergence",
        "log_cosh",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_error",
        "mean_squared_logarithmic_error",
        "pearson_correlation",
        "poisson",
        "sparse_categorical_accuracy",
        "sparse_categorical_crossentropy",
        "sparse_top_k_categorical_accuracy",
        "squared_hinge",
        "top_k_categorical_accuracy",
        "tversky",
    ]
)
KERAS_FUNCTIONS = ELEMENTWISE | OVER_LAST_AXIS | {"glu"} | _LOSSES_AND_METRICS
"""Losses, metrics and activations of Keras, which it writes by their bare names.

Up to 3.6 it wrote functions of a project so too, and finds these again by a bare name still.
"""
