"""How long work tells where it stands, and how it is stopped. Stdlib only."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called while work goes on. It may raise ``errors.Cancelled`` to stop: nothing has been written by then."""

    def __call__(self, stage: str, done: float, total: float, label: str = "") -> None:
        """Take note that ``done`` of ``total`` of a stage is finished; ``label`` names what is being worked on."""
        ...


def silent(stage: str, done: float, total: float, label: str = "") -> None:
    """Take note of nothing."""
