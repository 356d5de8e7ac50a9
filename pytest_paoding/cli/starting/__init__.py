"""What `init` begins a project with: the models that are there, settings for them, and data."""
