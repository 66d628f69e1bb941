"""Automatic mixing for REAPER sessions: read tracks, predict a mix, write an editable plan back."""

__version__ = "0.1.0"
