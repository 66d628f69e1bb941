"""Fitting and judging models. Nothing that mixes imports this room."""
