"""Reading the values of a weight."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf


def values_of(variable: Any) -> Any:
    """Return a copy of a weight's values, or a tensor's, as a NumPy array of the same dtype.

    `keras.ops.convert_to_numpy` does the same, but on TensorFlow with NumPy 2 it raises a
    DeprecationWarning, which is an error in test suites that say so.
    """
    with tf.init_scope():  # also while a function is traced
        if not len(variable.shape) and "bfloat16" in str(variable.dtype):  # NumPy refuses it alone
            return np.asarray(tf.reshape(variable, (1,))).reshape(()).copy()
        return np.asarray(variable).copy()  # the array itself may be TensorFlow's own memory
