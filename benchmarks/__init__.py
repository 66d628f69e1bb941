"""Timed runs: ``python -m benchmarks`` (see ``__main__``)."""
