"""The strategies, one to a module."""
