"""Rules of operations of `keras.ops`, and of the layers that do the same."""
