"""The data that models are judged on: where they come from, how they are read and checked."""
