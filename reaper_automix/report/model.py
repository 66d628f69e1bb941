"""What a report shows: plain data, filled by the pipeline, read by the template. Only ``Section`` knows about HTML."""

from __future__ import annotations

from dataclasses import dataclass

from reaper_automix.report.playback_model import NO_PLAYBACK, Playback
from reaper_automix.report.plugin_model import PluginRow

CHANGED = "changed"
UNCHANGED = "unchanged"
LEFT_OUT = "left out"
NEW = "new"


@dataclass(frozen=True, slots=True)
class TrackRow:
    """One track of the session, in session order.

    Parameters
    ----------
    id, name : str
        The session's id and name of the track.
    depth : int
        How many folders it lies in.
    role : str or None
        What the track was taken for; None: not recognised.
    status : str
        ``CHANGED``, ``UNCHANGED``, ``LEFT_OUT`` or ``NEW`` (a bus that the run makes).
    reason : str
        Why it moved, or why it was left out, with the next step.
    fader_before_db, fader_after_db : float
        The fader; ``units.SILENCE_DB`` and below is a closed one.
    loudness_before_lufs, loudness_after_lufs : float or None
        Integrated loudness as heard at the master; ``-inf`` is silence, None was not measured.
    range_lu, true_peak_dbtp, crest_factor_db : float or None
        Loudness range, true peak and crest factor of the track's audio before the fader.
    waveform : tuple of (float, float)
        (minimum, maximum) per column, full scale +-1, before the fader. The columns divide the report's time range
        evenly. Empty if there is no audio.
    gain_before_db, gain_after_db : tuple of (float, float)
        (time in seconds of the project, dB) of the total curve, fader times envelopes; straight between points, held
        before the first and after the last.
    moves : tuple of MoveRow
        All that the plan does to it, in the plan's order; where there are any, ``reason`` is that of one of them.
    skipped : tuple of SkipRow
        What of it was not judged or not written.
    plugins : tuple of PluginRow
        What the plan sets on it, in the order of the plan.
    """

    id: str
    name: str
    depth: int
    role: str | None
    status: str
    reason: str
    fader_before_db: float
    fader_after_db: float
    loudness_before_lufs: float | None = None
    loudness_after_lufs: float | None = None
    range_lu: float | None = None
    true_peak_dbtp: float | None = None
    crest_factor_db: float | None = None
    waveform: tuple[tuple[float, float], ...] = ()
    gain_before_db: tuple[tuple[float, float], ...] = ()
    gain_after_db: tuple[tuple[float, float], ...] = ()
    moves: tuple[MoveRow, ...] = ()
    skipped: tuple[SkipRow, ...] = ()
    plugins: tuple[PluginRow, ...] = ()


@dataclass(frozen=True, slots=True)
class MixSummary:
    """The whole mix at the master, before and after; None where it was not measured, ``-inf`` LUFS is silence."""

    loudness_before_lufs: float | None = None
    loudness_after_lufs: float | None = None
    true_peak_before_dbtp: float | None = None
    true_peak_after_dbtp: float | None = None
    range_before_lu: float | None = None
    range_after_lu: float | None = None


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One move of the plan in words.

    ``what`` is "fader", "Volume envelope" and so on; ``before`` and ``after`` are text with units.
    """

    track: str
    what: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class SkipRow:
    """Something that was not judged or not written: ``what`` is the track itself, or an item on it."""

    track: str
    what: str
    reason: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Section:
    """What one mixer adds to the page.

    ``html`` is trusted: it is put into the page as it is, so whoever writes it escapes the names in it. Its headings
    start at ``h3``; a script in it does not run. The page's own classes serve it: ``scroll`` around a wide table,
    ``n`` for cells with numbers, and in an ``svg`` of class ``plot`` the classes ``wave``, ``before``, ``after``,
    ``grid``.
    """

    title: str
    html: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the page shows.

    Parameters
    ----------
    title : str
        The heading: the session's name.
    session_path : str
        The session that was read.
    created : str
        ISO 8601 time of the run.
    strength_percent : float
        How far every move went, 0..100.
    start_s, end_s : float
        The time range of the run, and of every waveform here.
    outputs : tuple of (str, str)
        (label, path) of the files that were written.
    playback : Playback
        What can be listened to.
    """

    title: str
    session_path: str
    mixer: str
    created: str
    strength_percent: float
    start_s: float
    end_s: float
    tempo_bpm: float
    summary: MixSummary
    tracks: tuple[TrackRow, ...]
    moves: tuple[MoveRow, ...]
    warnings: tuple[str, ...]
    skipped: tuple[SkipRow, ...]
    sections: tuple[Section, ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    playback: Playback = NO_PLAYBACK
