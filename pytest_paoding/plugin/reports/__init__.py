"""What the reports of a run need of pytest: where they go, and what they compare."""
