"""What the reports of a run need of pytest: where they are printed, and what they compare."""
