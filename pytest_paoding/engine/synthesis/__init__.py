"""Synthesis: inputs that gradients of a model find, and the steps they take."""
