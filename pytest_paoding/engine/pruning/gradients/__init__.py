"""What follows gradients: inputs that are found, and weights that are refined, step by step."""
