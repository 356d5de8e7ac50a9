"""Both models side by side over the data: how they are run, and what they say."""
