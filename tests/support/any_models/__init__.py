"""Models of every kind that a project may hold, drawn by number: for the guard against tracebacks.

Unlike the random graphs for the oracles, these need not be exact, sensible or even sound.
"""
