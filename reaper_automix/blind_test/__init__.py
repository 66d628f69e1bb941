"""Blind listening: pages on which mixes are compared without their names, and what listeners made of them."""
