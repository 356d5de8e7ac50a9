"""Choosing: which units go, by which strategy, on which schedule."""
