"""Services of a clinic: digits read from scanned forms, tumours screened, glucose foretold."""
