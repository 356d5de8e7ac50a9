"""The run as an HTML page."""
