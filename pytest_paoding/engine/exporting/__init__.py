"""Export to other formats than `.keras`, and the runtimes that run such files."""
