"""What a model is attacked with: one protocol, one module for each way of searching."""
