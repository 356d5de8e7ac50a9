"""Cutting: transforms and plans, the rebuild that carries them out, the oracle that proves it."""
