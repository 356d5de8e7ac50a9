"""Files as they are written: whole or not at all, whatever stands there and whatever ends it."""
