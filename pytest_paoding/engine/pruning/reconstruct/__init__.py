"""Reconstruction: kept units take over from removed ones, as fitted on synthetic inputs."""
