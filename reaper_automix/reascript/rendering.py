"""Tracks that cannot be judged from their files: REAPER renders them, after their plug-ins and before their faders.

What a fader hears comes out of the plug-ins. Offline, a track with plug-ins, an instrument, MIDI, stretch markers
or take effects is judged dry or not at all; REAPER itself can play it into a temporary file first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reaper_automix.errors import SessionError
from reaper_automix.reascript.api import Reaper
from reaper_automix.session import Session, Track

_RENDER = 42230
"""Action: render the project with the most recent settings and close the render window."""

_STEMS, _PRE_FADER = 2, 8192
_FLOAT_WAV = "ZXZhdyAAAQ=="
"""REAPER's spelling of a WAV file with 32-bit floating point samples."""

_NUMBERS = (
    "RENDER_SETTINGS",
    "RENDER_BOUNDSFLAG",
    "RENDER_CHANNELS",
    "RENDER_SRATE",
    "RENDER_STARTPOS",
    "RENDER_ENDPOS",
    "RENDER_TAILFLAG",
    "RENDER_TAILMS",
    "RENDER_ADDTOPROJ",
    "RENDER_DITHER",
    "RENDER_NORMALIZE",
)
_TEXTS = ("RENDER_FILE", "RENDER_PATTERN", "RENDER_FORMAT", "RENDER_FORMAT2")
_UNSTEADY_KINDS = frozenset({"MIDI", "MIDIPOOL", "VIDEO", "RPP_PROJECT", "CLICK", "LTC"})


@dataclass(frozen=True, slots=True)
class Rendered:
    """A track's audio after its plug-ins and before its fader: the file, and what time it should hold.

    The file may be missing, or end early where the render was stopped: whoever hears it has to look.
    """

    path: str
    start_s: float
    end_s: float


def reason_to_render(track: Track) -> str:
    """Say why a track cannot be judged from its files; empty if it can."""
    playing = [take for item in track.items if not item.muted for take in item.playing_takes]
    heard = track.effects_heard()
    if any(effect.is_instrument for effect in heard):
        return "a virtual instrument"
    if any(take.source.kind in _UNSTEADY_KINDS for take in playing):
        return "MIDI, video or a project as its source"
    if heard and playing:
        return f"{len(heard)} plug-in{'s' if len(heard) > 1 else ''}"
    if any(take.n_effects for take in playing):
        return "take effects"
    return "stretch markers" if any(take.n_stretch_markers for take in playing) else ""


def render_tracks(
    reaper: Reaper, session: Session, tracks: Sequence[Track], range_s: tuple[float, float], folder: Path
) -> dict[str, Rendered]:
    """Let REAPER render tracks into a folder, one file each; the render settings and the selection are put back.

    Parameters
    ----------
    reaper : Reaper
        The project; its tab has to be in front, because REAPER renders that one.
    session : Session
        The project as it was read.
    tracks : sequence of Track
        What to render.
    range_s : tuple of float
        The time to render.
    folder : Path
        Where the files go.

    Returns
    -------
    dict of track id to Rendered
        What REAPER was asked for.

    Raises
    ------
    SessionError
        If the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SessionError(f"{folder} cannot be made ({error.strerror or error}). Make room or give rights.") from error
    wanted = {track.id for track in tracks}
    pointers = [pointer for pointer in reaper.tracks() if reaper.text(pointer, "GUID") in wanted]
    with _render_settings(reaper), reaper.selected_only(pointers):
        _set_up(reaper, range_s, folder)
        reaper.api.Main_OnCommandEx(_RENDER, 0, reaper.project)
    asked = (track for track in session.tracks if track.id in wanted)
    return {track.id: Rendered(str(_file_of(folder, track.number)), *range_s) for track in asked}


def _set_up(reaper: Reaper, range_s: tuple[float, float], folder: Path) -> None:
    values = dict.fromkeys(_NUMBERS, 0.0) | {
        "RENDER_SETTINGS": float(_STEMS | _PRE_FADER),
        "RENDER_CHANNELS": 2.0,
        "RENDER_STARTPOS": range_s[0],
        "RENDER_ENDPOS": range_s[1],
    }
    for name, value in values.items():
        reaper.set_setting(name, value)
    texts = (str(folder), "automix-$tracknumber", _FLOAT_WAV, "")
    for name, text in zip(_TEXTS, texts, strict=True):
        reaper.set_text_setting(name, text)


@contextmanager
def _render_settings(reaper: Reaper) -> Iterator[None]:
    """Put the project's render settings back after the block."""
    numbers = [(name, reaper.setting(name)) for name in _NUMBERS]
    texts = [(name, reaper.text_setting(name)) for name in _TEXTS]
    try:
        yield
    finally:
        for name, value in numbers:
            reaper.set_setting(name, value)
        for name, text in texts:
            reaper.set_text_setting(name, text)


def _file_of(folder: Path, number: int) -> Path:
    """Return the file of a track, or where it should be: REAPER may write its number with leading zeros."""
    for path in sorted(folder.glob("automix-*.wav")):
        digits = path.stem.removeprefix("automix-")
        if digits.isdigit() and int(digits) == number:
            return path
    return folder / f"automix-{number}.wav"
