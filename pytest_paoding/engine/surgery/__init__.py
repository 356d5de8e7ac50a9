"""Cutting: the plan of what goes, the rebuild that carries it out, the oracles that prove it."""
