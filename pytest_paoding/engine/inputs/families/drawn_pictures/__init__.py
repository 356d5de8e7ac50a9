"""Candidate pictures: shapes, scenes, textures, lines and spectrograms, of any channels."""
