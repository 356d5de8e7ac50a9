"""Model files: inspection before loading, loading, saving, digests."""
