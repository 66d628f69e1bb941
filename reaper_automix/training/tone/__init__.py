"""From raw tracks to the tone of a finished stem: the published autoencoder, equalisers, and a network of our own."""
