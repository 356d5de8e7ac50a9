"""One gate: load, check, prune, observe, judge, stage."""
