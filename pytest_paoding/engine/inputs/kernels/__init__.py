"""What the kernels of dense layers tell of the inputs that they read."""
