"""What pruning cost: accuracy, adversarial robustness, and the model's size and work."""
