"""Rides from human mixes: the published experiments on our corpora, and the model that the rides mixer ships."""
