"""What a track sounds like before its fader: loudness, peaks, roles from names, and the cache of measurements."""
