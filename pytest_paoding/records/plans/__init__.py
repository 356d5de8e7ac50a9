"""What belongs to a plan besides itself: the files it is kept in, and weights that were fitted."""
