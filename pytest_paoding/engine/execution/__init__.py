"""A model's graph run as numbers: on samples, on intervals, on drawn inputs."""
