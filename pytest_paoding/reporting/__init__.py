"""Telling people and machines what the gates found; every text derives from the results."""
