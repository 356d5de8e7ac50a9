"""Verdicts without data: how alike two models are on inputs that the engine makes itself."""
