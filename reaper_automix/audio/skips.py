"""What of a session cannot be heard without REAPER, and what is heard only in part: plain sentences for the user."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from reaper_automix.audio.media import MediaIndex
from reaper_automix.errors import MediaError
from reaper_automix.session import Item, Session, Take, Track

_RENDER = "Render the item to a new take in REAPER (action: Apply track/take FX to items), save, and run again."

_KINDS: dict[str, tuple[str, str]] = {
    "MIDI": ("MIDI makes no sound by itself", "Freeze or render the track in REAPER, and run again."),
    "RPP_PROJECT": ("it is a sub-project", _RENDER),
    "CLICK": ("it is REAPER's click", "Nothing to do, unless the click belongs in the mix: then render it."),
    "LTC": ("it is time code, not music", "Nothing to do."),
    "VIDEO": ("it is the sound of a video file", "Glue or render the item to audio in REAPER, and run again."),
    "VIDEOEFFECT": ("it is a video processor", "Nothing to do."),
}
_MOST_CAUSES = 3
"""A line on a track names this many missing files; ``inspect --json`` names all."""

_ALIASES = {"MIDIPOOL": "MIDI"}


@dataclass(frozen=True, slots=True)
class Skip:
    """An item, or one take of it, that is silent here: a clause that says why, and a sentence that says what to do."""

    track_id: str
    item_id: str
    track: str
    take: str
    cause: str
    next_step: str

    @property
    def reason(self) -> str:
        """Say what is silent and why, in one sentence."""
        return f"'{self.take}' on '{self.track}': {self.cause}."


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is heard, but not as REAPER plays it. ``track_id`` None: the master."""

    track_id: str | None
    text: str


def playable(item: Item, track: Track, index: MediaIndex | None = None) -> tuple[Skip, ...]:
    """Return why takes of an item that REAPER plays cannot be heard here; empty when all can.

    A muted item, one on a lane that does not play, and an item without a take are silent in REAPER too: no reason.
    """
    if item.muted or not item.plays or item.length_s <= 0.0:
        return ()
    index = index or MediaIndex()
    skips = (take_skip(take, item, track, index) for take in item.playing_takes)
    return tuple(skip for skip in skips if skip is not None)


def take_skip(take: Take, item: Item, track: Track, index: MediaIndex) -> Skip | None:
    """Return why this take cannot be heard here, or None when it can."""
    found = _kind_problem(take, track, index) or _take_problem(take)
    if found is None:
        return None
    return Skip(track.id, item.id, track.title, take.name or "take", *found)


def skips_of(
    session: Session, track_ids: Collection[str] | None = None, index: MediaIndex | None = None
) -> tuple[Skip, ...]:
    """Return every skip of the session, or of these tracks; each file is opened once."""
    index = index or MediaIndex()
    return tuple(
        skip for track in _wanted(session, track_ids) for item in track.items for skip in playable(item, track, index)
    )


def notes(
    session: Session, track_ids: Collection[str] | None = None, index: MediaIndex | None = None
) -> tuple[Note, ...]:
    """Return what is heard otherwise than in REAPER: plug-ins of others, stretched takes, channels beyond two."""
    index = index or MediaIndex()
    found = [Note(track.id, text) for track in _wanted(session, track_ids) for text in _track_notes(track, index)]
    master_fx = [fx.name for fx in session.master.effects if not (fx.bypassed or fx.offline)]
    if master_fx:
        names = ", ".join(master_fx)
        found.append(Note(None, f"The master's plug-ins are not heard; other levels drive them differently: {names}."))
    return tuple(found)


def skip_lines(skips: Iterable[Skip]) -> tuple[str, ...]:
    """Return the skips in words, one line per track and next step, however many items share them."""
    groups: dict[tuple[str, str], list[Skip]] = {}
    for skip in skips:
        groups.setdefault((skip.track_id, skip.next_step), []).append(skip)
    return tuple(_group_line(group) for group in groups.values())


def _group_line(group: list[Skip]) -> str:
    if len(group) == 1:
        return f"{group[0].reason} {group[0].next_step}"
    causes = list(dict.fromkeys(skip.cause for skip in group))
    more = f"; and {len(causes) - _MOST_CAUSES} more" if len(causes) > _MOST_CAUSES else ""
    told = "; ".join(causes[:_MOST_CAUSES])
    return f"{len(group)} items on '{group[0].track}': {told}{more}. {group[0].next_step}"


def _wanted(session: Session, track_ids: Collection[str] | None) -> Iterator[Track]:
    return (t for t in session.tracks if track_ids is None or t.id in track_ids)


def _kind_problem(take: Take, track: Track, index: MediaIndex) -> tuple[str, str] | None:
    source = take.source
    kind = _ALIASES.get(source.kind, source.kind)
    if kind == "EMPTY":
        return None
    if source.offline:
        return "its media is offline", "Set the item online in REAPER, save, and run again."
    if kind == "MIDI" and any(fx.is_instrument for fx in track.effects_heard()):
        return "MIDI that a virtual instrument plays", _KINDS["MIDI"][1]
    if kind in _KINDS and not (kind == "VIDEO" and _opens(source.path, index)):
        return _KINDS[kind]
    return _file_problem(source.path, kind, index)


def _file_problem(path: str | None, kind: str, index: MediaIndex) -> tuple[str, str] | None:
    if not path:
        return f"a source of type {kind or 'unknown'} names no audio file", _RENDER
    try:
        index.info(path)
    except MediaError as error:
        reason, _, next_step = str(error).rpartition(". ") if ". " in str(error) else (str(error), "", _RENDER)
        return reason, next_step
    return None


def _take_problem(take: Take) -> tuple[str, str] | None:
    if take.source.kind == "EMPTY":
        return None
    if take.n_stretch_markers:
        return f"it has {take.n_stretch_markers} stretch markers", _RENDER
    if take.n_effects:
        return f"it has {take.n_effects} take effects", _RENDER
    return None


def _opens(path: str | None, index: MediaIndex) -> bool:
    return _file_problem(path, "VIDEO", index) is None


def _track_notes(track: Track, index: MediaIndex) -> Iterator[str]:
    takes = list(_heard_takes(track, index))
    played = track.effects_played()
    unheard = [fx.name for fx in track.effects_heard() if not fx.is_instrument and fx not in played]
    sounds = bool(takes) or track.is_folder or any(send.is_audio for send in track.receives)
    if unheard and sounds:
        judged = "without some of its plug-ins, which" if played else "dry: its plug-ins"
        yield f"'{track.title}' is judged {judged} are not heard ({', '.join(unheard)})."
    if sounds and any(fx.automated for fx in played):
        moving = ", ".join(fx.tag or fx.name for fx in played if fx.automated)
        yield f"'{track.title}': envelopes move knobs of {moving}; here they stand still."
    shifted = sum(t.pitch_semitones != 0.0 or (t.preserve_pitch and t.playrate != 1.0) for t in takes)
    if shifted:
        yield f"'{track.title}': {shifted} takes are stretched or pitch-shifted; here only their length is right."
    if any(index.info(t.source.path).n_channels > 2 for t in takes if t.source.path and t.channel_mode < 2):
        yield f"'{track.title}': of a file with more than two channels only 1 and 2 are heard."


def _heard_takes(track: Track, index: MediaIndex) -> Iterator[Take]:
    """Yield the takes of a track that are heard here."""
    for item in track.items:
        if not item.plays or item.muted:
            continue
        for take in item.playing_takes:
            if take.source.kind != "EMPTY" and take_skip(take, item, track, index) is None:
                yield take
