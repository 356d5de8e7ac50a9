"""Families of synthetic sequences: tokens and series, for models without data."""
