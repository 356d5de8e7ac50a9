"""What averages hide: decay by class and by slice, and the samples whose answers flipped."""
