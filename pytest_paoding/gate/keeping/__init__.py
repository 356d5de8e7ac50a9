"""Keeping work that is done once, in a folder that nobody has to trust."""
