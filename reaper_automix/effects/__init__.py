"""Processors in real units: the numpy reference of what the plug-ins do, one module each."""
