"""The least a person would write in place of a gate: evaluate and attack both models once.

python minimal.py ORIGINAL PRUNED DATA EPSILON...
"""

import sys

import keras
import numpy as np
import tensorflow as tf

original, pruned, file, *epsilons = sys.argv[1:]
data = np.load(file)
images, labels = tf.constant(data["x"]), data["y"]


def right(model, inputs):
    return (model.predict(inputs, verbose=0).argmax(axis=1) == labels).mean()


for path in (original, pruned):
    model = keras.models.load_model(path)
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = keras.losses.sparse_categorical_crossentropy(labels, model(images, training=False))
    direction = tf.sign(tape.gradient(loss, images))
    attacked = [tf.clip_by_value(images + float(e) * direction, 0, 1) for e in epsilons]
    sys.stdout.write(f"{right(model, images)} {[right(model, each) for each in attacked]}\n")
