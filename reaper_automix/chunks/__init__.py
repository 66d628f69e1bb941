"""REAPER's text: the lines and chunks that project files, items and envelopes are made of. Stdlib only.

A project file is one big chunk; ``GetItemStateChunk`` and ``GetEnvelopeStateChunk`` hand out parts of it. Both kinds of
host read them here.
"""
