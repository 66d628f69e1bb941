"""Plug-ins of REAPER and of the IEM suite: our settings to their knobs and back. Stdlib only: REAPER loads it."""
