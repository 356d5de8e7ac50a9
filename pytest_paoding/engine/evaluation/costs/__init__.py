"""What a model costs: multiply-adds, memory, latency."""
