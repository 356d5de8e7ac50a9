"""Reconstruction: kept units take over what removed ones did, learned from synthetic inputs."""
