"""Write the report: one HTML file that needs nothing but itself."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from reaper_automix.errors import SessionError
from reaper_automix.files import write_bytes_whole
from reaper_automix.report import pictures, player, wording
from reaper_automix.report.model import Report
from reaper_automix.report.page import self_contained_page
from reaper_automix.report.plots import NO_PLOTS, available
from reaper_automix.report.plugin_section import plugin_section
from reaper_automix.report.scale import loudness_scale


def render_report(report: Report) -> str:
    """Return the report as the text of one self-contained HTML page.

    The page loads nothing, follows the system's light or dark theme, and prints.
    """
    return self_contained_page(
        "report",
        "template.html.j2",
        _script(report),
        report=report,
        balance=loudness_scale(v for t in report.tracks for v in (t.loudness_before_lufs, t.loudness_after_lufs)),
        pictures=pictures,
        player=player,
        plugin_section=plugin_section,
        no_plots="" if available() or not any(track.plugins for track in report.tracks) else NO_PLOTS,
        written_project=_written_project(report),
        words=wording,
    )


def write_report(report: Report, path: Path) -> None:
    """Write the report to a file, all of it or nothing.

    Raises
    ------
    SessionError
        If the file cannot be written; an older report there is still whole.
    """
    page = render_report(report).encode()
    try:
        write_bytes_whole(path, page)
    except SessionError as error:
        raise SessionError(f"{error} The report's place is given with --report.") from error


def _script(report: Report) -> str:
    """Return the page's only script."""
    own = files("reaper_automix.report").joinpath("report.js").read_text(encoding="utf-8")
    return own + "\n" + player.scripts() if report.playback.pieces else own


def _written_project(report: Report) -> str | None:
    """Return the project file that the run wrote, the one ``revert`` takes; None if it wrote none."""
    return next((path for _, path in report.outputs if path.lower().endswith(".rpp")), None)
