"""The HTML report: what a run did to a session, in numbers and pictures that an engineer can check."""

from reaper_automix.report.html import render_report, write_report
from reaper_automix.report.model import (
    CHANGED,
    LEFT_OUT,
    NEW,
    UNCHANGED,
    MixSummary,
    MoveRow,
    Report,
    Section,
    SkipRow,
    TrackRow,
)

__all__ = [
    "CHANGED",
    "LEFT_OUT",
    "NEW",
    "UNCHANGED",
    "MixSummary",
    "MoveRow",
    "Report",
    "Section",
    "SkipRow",
    "TrackRow",
    "render_report",
    "write_report",
]
