"""The engine: NumPy and Keras, imported only when a gate runs."""
