"""Plain values that every storey may import: they depend on nothing and do no work."""
