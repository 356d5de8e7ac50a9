"""Provenance of published models: their bill of materials and their signature."""
