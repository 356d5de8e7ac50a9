"""Two small services of a clinic: digits read from scanned forms, and tumours screened."""
