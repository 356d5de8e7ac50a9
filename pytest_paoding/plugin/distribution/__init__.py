"""Distribution: what a run over several processes, those of pytest-xdist, has to do."""
