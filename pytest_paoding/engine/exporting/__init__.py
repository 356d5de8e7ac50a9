"""A pruned model in other formats than `.keras`, and the runtimes that such files are judged by."""
