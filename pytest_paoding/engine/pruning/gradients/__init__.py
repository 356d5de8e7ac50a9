"""Gradient descent: on inputs, to find them, and on weights, to refine them."""
