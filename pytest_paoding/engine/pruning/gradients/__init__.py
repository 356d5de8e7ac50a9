"""Gradient descent on the weights of a pruned model, to refine them."""
