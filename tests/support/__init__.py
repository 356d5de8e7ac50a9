"""Shared by tests: projects, engines, models, graphs and the oracles that judge them."""
