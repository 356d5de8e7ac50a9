"""Opening: what a model's own code computes, recorded as a graph of layers."""
