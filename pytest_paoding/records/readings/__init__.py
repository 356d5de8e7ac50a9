"""What can be read off a model without pruning it."""
