"""The inputs of a model: what each is, what range it has, and draws of it without data."""
