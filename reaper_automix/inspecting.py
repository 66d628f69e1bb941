"""Looking at a session: what is on its tracks, how loud it is, and what a mix would leave out and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from reaper_automix.audio.render import session_rate_hz
from reaper_automix.audio.skips import Skip, notes, skip_lines
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.pipeline import hear
from reaper_automix.progress import Progress, silent
from reaper_automix.role_vocabulary import RoleSource, TrackRole
from reaper_automix.session import Session, Track
from reaper_automix.terminal import Columns
from reaper_automix.units import SILENCE_DB

REASON_CHARS = 56


@dataclass(frozen=True)
class Inspected:
    """A session as ``inspect`` shows it."""

    session: Session
    hearing: Hearing
    skips: tuple[Skip, ...]

    def heading(self) -> list[str]:
        """Return lines on the whole session."""
        s = self.session
        rate = f"{s.sample_rate_hz} Hz" if s.sample_rate_hz else f"{session_rate_hz(s)} Hz (the files' own)"
        n_items = sum(len(t.items) for t in s.tracks)
        return [
            f"{s.path or 'session'}",
            f"{len(s.tracks)} tracks, {n_items} items, {s.end_s:.1f} s, {rate}, {s.tempo_bpm:g} bpm "
            f"{s.time_signature[0]}/{s.time_signature[1]}",
            "LUFS, LRA and true peak: of the track before its fader. Heard LUFS: as it arrives at the master.",
        ]

    def table(self) -> Columns:
        """Return one row per track."""
        headings = (">#", "Track", "Role", ">LUFS", ">LRA", ">True peak", ">Fader", ">Heard LUFS", "Mixed?")
        return Columns(headings, tuple(self._row(track) for track in self.session.tracks))

    def remarks(self) -> list[str]:
        """Return what would be skipped and what is not heard, in words."""
        return [*skip_lines(self.skips), *(note.text for note in notes(self.session)), *self.session.notes]

    def data(self) -> dict[str, Any]:
        """Return everything for programs to read."""
        s = self.session
        return {
            "path": s.path,
            "sample_rate_hz": session_rate_hz(s),
            "tempo_bpm": s.tempo_bpm,
            "duration_s": round(s.end_s, 3),
            "fingerprint": s.fingerprint(),
            "automixed": bool(s.ledger_json),
            "tracks": [self._track_data(track) for track in s.tracks],
            "skipped": [
                {"track": k.track_id, "item": k.item_id, "reason": k.reason, "next_step": k.next_step}
                for k in self.skips
            ],
            "notes": list(s.notes),
        }

    def _left_out(self, track: Track) -> str:
        return next((out.reason for out in self.hearing.scope.left_out if out.track_id == track.id), "")

    def _row(self, track: Track) -> tuple[str, ...]:
        dry = self._before_fader(track)
        depth = sum(1 for _ in self.session.ancestors(track))
        role = _role_words(self.hearing.found.get(track.id))
        fader = "-inf" if track.gain_db <= SILENCE_DB else f"{track.gain_db:+.1f}"
        return (
            str(track.number),
            "  " * depth + track.title,
            role,
            *(_shown(dry[name]) for name in ("loudness_lufs", "range_lu", "true_peak_dbtp")),
            fader,
            _shown(self._at_master(track)["loudness_lufs"]),
            _short(self._left_out(track)) or "yes",
        )

    def _before_fader(self, track: Track) -> dict[str, float | None]:
        """Return the levels of what plays on a track; None where it was not measured."""
        measured = self.hearing.measurements.get(track.id)
        loudness = None if measured is None else measured.loudness
        return {
            "loudness_lufs": None if loudness is None else loudness.integrated_lufs,
            "range_lu": None if loudness is None else loudness.range_lu,
            "true_peak_dbtp": None if loudness is None else loudness.true_peak_dbtp,
            "crest_factor_db": None if loudness is None else loudness.crest_factor_db,
        }

    def _at_master(self, track: Track) -> dict[str, float | None]:
        """Return the levels of a track as it arrives at the master; its true peak there is not known."""
        measured = track.id in self.hearing.measurements
        return {
            "loudness_lufs": self.hearing.loudness_lufs(track.id) if measured else None,
            "range_lu": self.hearing.range_lu(track.id) if measured else None,
        }

    def _track_data(self, track: Track) -> dict[str, Any]:
        role = self.hearing.roles.get(track.id)
        found = self.hearing.found.get(track.id)
        return {
            "id": track.id,
            "number": track.number,
            "name": track.name,
            "role": role.value if role else None,
            "role_source": found.source.value if found else None,
            "role_evidence": found.evidence if found else None,
            "microphone": found.mic.value if found and found.mic else None,
            "fader_db": round(track.gain_db, 4),
            "pan": track.pan,
            "items": len(track.items),
            "frozen": track.frozen,
            "effects": [fx.name for fx in track.effects_heard()],
            "envelopes": [{"kind": e.kind.value, "points": len(e.points), "plays": e.plays} for e in track.envelopes],
            "before_fader": {name: _rounded(level) for name, level in self._before_fader(track).items()},
            "at_master": {name: _rounded(level) for name, level in self._at_master(track).items()},
            "left_out": self._left_out(track) or None,
        }


def _role_words(found: TrackRole | None) -> str:
    """Return a role for the table: the microphone where it is known, and a mark where only the sound says it."""
    if found is None or found.role is None:
        return ""
    word = found.mic.value if found.mic is not None else found.role.value
    return f"{word} (heard)" if found.source is RoleSource.AUDIO else word


def inspect_session(session: Session, *, progress: Progress = silent) -> Inspected:
    """Measure what can be heard of a session, and collect what cannot."""
    hearing, skips = hear(session, progress=progress)
    return Inspected(session, hearing, skips)


def _shown(level: float | None) -> str:
    if level is None:
        return ""
    return f"{level:.1f}" if math.isfinite(level) else "silent"


def _rounded(level: float | None) -> float | None:
    return round(level, 2) if level is not None and math.isfinite(level) else None


def _short(reason: str) -> str:
    """Cut a reason to what fits a table; the remarks below it have the rest."""
    reason = reason.partition(" (")[0]
    return reason if len(reason) <= REASON_CHARS else reason[: REASON_CHARS - 1].rstrip(" ,:") + "…"
