"""The commands of `python -m pytest_paoding`, a module each: `add` describes one, `run` does it."""
