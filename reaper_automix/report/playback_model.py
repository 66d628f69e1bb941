"""What a page plays: sounds as text, and which of them is what before and after. Plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reaper_automix.units import db_to_lin

MIX = "The whole mix"

_SAME = 1e-4
"""Gains that differ by a smaller share (0.001 dB) are the same."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to hear a piece.

    Parameters
    ----------
    sound : int
        Which of the page's sounds; several variants may share one.
    gain_left, gain_right : float
        What the channels of that sound are multiplied with to be as loud as in the session, linear.
    loudness_lufs : float
        Of the excerpt, then; ``-inf`` is silence.
    peak_dbtp : float
        Its true peak.
    """

    sound: int
    gain_left: float
    gain_right: float
    loudness_lufs: float
    peak_dbtp: float


SILENT = Variant(0, 0.0, 0.0, -math.inf, -math.inf)


@dataclass(frozen=True, slots=True)
class Piece:
    """The mix (``track_id`` None) or one track, from ``start_s`` to ``end_s`` of the project, before and after."""

    track_id: str | None
    title: str
    start_s: float
    end_s: float
    before: Variant = SILENT
    after: Variant = SILENT

    @property
    def louder_by_lu(self) -> float | None:
        """How much louder it is after; None where one of the two is silent, so that nothing can be matched."""
        difference = self.after.loudness_lufs - self.before.loudness_lufs
        return difference if math.isfinite(difference) else None

    @property
    def is_same_sound(self) -> bool:
        """Whether before and after differ by nothing but their level."""
        before, after = self.before, self.after
        crossed = before.gain_left * after.gain_right - before.gain_right * after.gain_left
        scale = abs(before.gain_left * after.gain_right) + abs(before.gain_right * after.gain_left)
        flipped = before.gain_left * after.gain_left < 0.0 or before.gain_right * after.gain_right < 0.0
        return before.sound == after.sound and abs(crossed) <= _SAME * scale and not flipped

    def matched_levels(self) -> tuple[float, float]:
        """Return what before and after are multiplied with to be equally loud: the louder one is lowered."""
        by_lu = self.louder_by_lu or 0.0
        return db_to_lin(min(by_lu, 0.0)), db_to_lin(min(-by_lu, 0.0))


@dataclass(frozen=True, slots=True)
class Playback:
    """Everything that a page plays.

    Parameters
    ----------
    delay_s : float
        What the encoder put before every sound, where a browser does not cut that off.
    sounds : tuple of str
        MP3 files as base64.
    pieces : tuple of Piece
        The mix first.
    missing : tuple of (str, str)
        (track, why) of tracks in scope that cannot be heard on their own.
    reason : str
        Why there is nothing to play, where that is so.
    """

    delay_s: float = 0.0
    sounds: tuple[str, ...] = ()
    pieces: tuple[Piece, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    reason: str = ""

    @property
    def lowered_db(self) -> float:
        """How much everything is lowered, so that nothing clips in the browser."""
        peaks = [variant.peak_dbtp for piece in self.pieces for variant in (piece.before, piece.after)]
        return max(0.0, *peaks) if peaks else 0.0

    @property
    def n_bytes(self) -> int:
        """How much of the page the sounds take."""
        return sum(len(sound) for sound in self.sounds)


NO_PLAYBACK = Playback()
"""Nothing to play, and nothing to say about it."""
