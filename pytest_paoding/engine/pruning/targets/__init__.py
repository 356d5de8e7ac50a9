"""Targets: pruning down to a number of parameters, operations or bytes."""
