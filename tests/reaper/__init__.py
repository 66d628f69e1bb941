"""The volunteer suite: what a running REAPER does with our work, and what only it can tell (``pytest -m reaper``)."""
