"""A model's graph run as numbers: on samples, and on intervals."""
