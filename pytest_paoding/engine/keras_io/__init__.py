"""Model files: what is looked at before one is loaded, loading, saving, and digests."""
