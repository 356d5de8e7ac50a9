"""Families of draws: random values of a shape, by what an input holds, whatever its range."""
