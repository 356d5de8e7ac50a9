"""Whole runs: what was found, at which commit, and what has changed since another one."""
