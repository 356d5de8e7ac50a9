"""Take-over in layers of any kind: what their weights sum over, and how much it matters."""
