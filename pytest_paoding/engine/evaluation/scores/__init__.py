"""Scores: how good the answers of a model are, for every task, with weights on the samples."""
