"""Widths: how many units of each group stay."""
