"""The player of a page: what it is told, in numbers for its script and in words for its reader."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from reaper_automix.report.playback_model import Piece, Playback, Variant
from reaper_automix.report.wording import clock, plural
from reaper_automix.units import db_to_lin

_SMALLEST_DB = 0.05
"""What is shown as 0.0 dB is no difference."""


def scripts() -> str:
    """Return the engine and the player, to be put behind a page's own script."""
    room = files("reaper_automix.report")
    return "\n".join(room.joinpath(name).read_text(encoding="utf-8") for name in ("playback.js", "player.js"))


def settings(playback: Playback) -> dict[str, Any]:
    """Return what the script is told: places and gains; the sounds stand in elements of their own."""
    lowered_lin = db_to_lin(-playback.lowered_db)
    return {
        "delayS": playback.delay_s,
        "pieces": [_piece_settings(piece, lowered_lin) for piece in playback.pieces],
    }


def _piece_settings(piece: Piece, lowered_lin: float) -> dict[str, Any]:
    return {
        "title": piece.title,
        "span": {"startS": piece.start_s, "lengthS": piece.end_s - piece.start_s},
        "variants": [_variant_settings(variant) for variant in (piece.before, piece.after)],
        "plain": [round(lowered_lin, 6)] * 2,
        "matched": [round(level * lowered_lin, 6) for level in piece.matched_levels()],
        "difference": {"matched": difference(piece, matched=True), "plain": difference(piece, matched=False)},
    }


def _variant_settings(variant: Variant) -> dict[str, Any]:
    return {"sound": variant.sound, "gains": [round(gain, 8) for gain in (variant.gain_left, variant.gain_right)]}


def difference(piece: Piece, *, matched: bool) -> str:
    """Say which variant is louder in the excerpt, and what is done about it."""
    by_lu = piece.louder_by_lu
    if by_lu is None:
        return "one of them is silent here"
    if abs(by_lu) < _SMALLEST_DB:
        return "nothing differs" if piece.is_same_sound else "equally loud as they are"
    louder = "after" if by_lu > 0.0 else "before"
    if piece.is_same_sound and matched:
        return f"only its level differs: {louder} is lowered by {abs(by_lu):.1f} dB"
    return f"{louder} is lowered by {abs(by_lu):.1f} dB" if matched else f"{louder} is {abs(by_lu):.1f} LU louder"


def introduction(playback: Playback) -> str:
    """Say what is heard."""
    mix, *alone = playback.pieces
    there = "" if not alone or (alone[0].start_s, alone[0].end_s) == (mix.start_s, mix.end_s) else f" {_from(alone[0])}"
    tracks = f", and {plural(len(alone), 'track')} alone, as heard in it{there} (buttons there)" if alone else ""
    return (
        f"The mix {_from(mix)}, in a loop, before and after{tracks}. Both play on together, and the switch "
        "makes no click. \u201cEqually loud\u201d lowers the louder one to the loudness of the other: the louder one "
        "nearly always seems better."
    )


def _from(piece: Piece) -> str:
    return f"from {clock(piece.start_s)} to {clock(piece.end_s)}"


def remarks(playback: Playback) -> list[str]:
    """Say what a listener should know besides."""
    said = [
        f"The sound is in this file ({playback.n_bytes / 1e6:.1f} MB of MP3): whoever gets the file can hear this part "
        "of the session. To leave it out: --no-report-audio, or 'Automix settings' in REAPER. Only our plug-ins are "
        "heard, and none on the master."
    ]
    if playback.lowered_db >= _SMALLEST_DB:
        by = f"{playback.lowered_db:.1f} dB"
        said.append(f"Everything plays {by} lower than in the session, so that nothing clips in the browser.")
    return said


def piece_number(playback: Playback, track_id: str) -> int | None:
    """Return which piece a track is, None for one that cannot be heard alone."""
    return next((n for n, piece in enumerate(playback.pieces) if piece.track_id == track_id), None)
