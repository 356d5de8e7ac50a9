"""Reading: a model's calls, the labels on its positions, the groups that must shrink together."""
