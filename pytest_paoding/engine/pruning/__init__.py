"""Choosing the units that go: strategies, constraints and schedules."""
