"""Putting the actions into a REAPER on this machine, and taking them out again. Stdlib only; install.py uses it."""
