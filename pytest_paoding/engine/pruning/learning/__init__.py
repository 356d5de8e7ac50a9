"""What a reconstruction learns from, and how much it may spend on it."""
