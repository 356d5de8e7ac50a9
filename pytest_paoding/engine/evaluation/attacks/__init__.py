"""Attacks on models: one protocol, and one module for each way of searching."""
