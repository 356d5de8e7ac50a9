"""The strategies, a module each."""
