"""The data that models are judged on: their sources, reading and checks."""
