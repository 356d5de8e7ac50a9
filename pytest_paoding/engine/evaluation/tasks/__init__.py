"""Tasks: what an output of a model is judged as."""
