"""A session as plain frozen data: what a host reads, a mixer judges and a plan refers to. Stdlib only.

Units inside: levels in dB (``units.SILENCE_DB`` is a closed fader), times in seconds of the project, pan -1 (left) to
+1 (right). REAPER's own numbers (linear gains, flags, packed channels) stop at the host that reads them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any

from reaper_automix.effect_settings.kinds import EffectSettings

TAG_PREFIX = "Automix: "
"""How the instances of plug-ins that we insert are called, so that an engineer sees whose they are."""


class EnvelopeKind(str, Enum):
    """Which control of a track an envelope automates; the value is REAPER's display name."""

    VOLUME = "Volume"
    VOLUME_PRE_FX = "Volume (Pre-FX)"
    TRIM_VOLUME = "Trim Volume"
    PAN = "Pan"
    PAN_PRE_FX = "Pan (Pre-FX)"
    MUTE = "Mute"

    @property
    def is_volume(self) -> bool:
        """Whether the values of this envelope are levels in dB."""
        return self in (EnvelopeKind.VOLUME, EnvelopeKind.VOLUME_PRE_FX, EnvelopeKind.TRIM_VOLUME)


class PointShape(int, Enum):
    """How an envelope travels from one point to the next (REAPER's numbers)."""

    LINEAR = 0
    SQUARE = 1
    SLOW_START_END = 2
    FAST_START = 3
    FAST_END = 4
    BEZIER = 5


class AutomationMode(int, Enum):
    """What a track does with its envelopes (REAPER's numbers)."""

    TRIM_READ = 0
    READ = 1
    TOUCH = 2
    WRITE = 3
    LATCH = 4
    LATCH_PREVIEW = 5
    BYPASS = 6
    """Only as the global override: every envelope is ignored."""


@dataclass(frozen=True, slots=True)
class EnvelopePoint:
    """One point. ``value`` is dB for volume envelopes, -1..+1 for pan, 0 (muted) or 1 for mute."""

    time_s: float
    value: float
    shape: PointShape = PointShape.LINEAR
    tension: float = 0.0


@dataclass(frozen=True, slots=True)
class AutomationItem:
    """A block of pooled points lying on an envelope; ``points`` are the pool's, in pool seconds."""

    pool_id: int
    position_s: float
    length_s: float
    start_offset_s: float = 0.0
    playrate: float = 1.0
    baseline: float = 0.5
    amplitude: float = 1.0
    loop: bool = False
    muted: bool = False
    pool_length_s: float = 0.0
    points: tuple[EnvelopePoint, ...] = ()

    @property
    def end_s(self) -> float:
        """Where the item ends on the project's time line."""
        return self.position_s + self.length_s


@dataclass(frozen=True, slots=True)
class Envelope:
    """Automation of one control of a track.

    ``fader_scaling`` is REAPER's display and interpolation scale of volume envelopes (VOLTYPE 1); the points here are
    in dB whatever it says. ``bypass_outside_items``: outside of automation items the envelope has no effect.
    """

    kind: EnvelopeKind
    active: bool = True
    visible: bool = True
    armed: bool = False
    fader_scaling: bool = False
    points: tuple[EnvelopePoint, ...] = ()
    automation_items: tuple[AutomationItem, ...] = ()
    bypass_outside_items: bool = False

    @property
    def plays(self) -> bool:
        """Whether this envelope changes anything when its track is in a reading mode."""
        return self.active and bool(self.points or self.automation_items)


@dataclass(frozen=True, slots=True)
class Fade:
    """One fade of an item. ``shape`` is REAPER's 0..6 (0 linear), ``curvature`` bends it, -1..+1."""

    length_s: float = 0.0
    shape: int = 0
    curvature: float = 0.0


@dataclass(frozen=True, slots=True)
class Source:
    """The media behind a take.

    Parameters
    ----------
    kind : str
        REAPER's type in capitals: WAVE, FLAC, MP3, VORBIS, OPUS, MIDI, VIDEO, RPP_PROJECT, CLICK, LTC, EMPTY ...
    path : str or None
        Absolute path of the audio file, resolved from the project's folder; None where there is no file.
    section_start_s, section_length_s : float or None
        The part of the file that a SECTION source plays; None: the whole file.
    reversed : bool
        The section (or the whole file) plays backwards.
    offline : bool
        REAPER has taken the file offline.
    """

    kind: str
    path: str | None = None
    section_start_s: float = 0.0
    section_length_s: float | None = None
    reversed: bool = False
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Take:
    """One take of an item.

    ``channel_mode`` is REAPER's: 0 normal, 1 swapped, 2 downmix, 3 left, 4 right, 5.. one channel, 67.. a pair.
    """

    id: str
    name: str
    source: Source
    start_offset_s: float = 0.0
    playrate: float = 1.0
    preserve_pitch: bool = True
    pitch_semitones: float = 0.0
    gain_db: float = 0.0
    polarity_inverted: bool = False
    pan: float = 0.0
    channel_mode: int = 0
    n_stretch_markers: int = 0
    n_effects: int = 0
    envelopes: tuple[Envelope, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A media item on a track. ``gain_db`` is the item's, the take's own gain comes on top.

    ``plays`` is False when a fixed lane that does not play, or the solo of another item, silences it.
    """

    id: str
    position_s: float
    length_s: float
    takes: tuple[Take, ...] = ()
    active_take: int = 0
    play_all_takes: bool = False
    muted: bool = False
    plays: bool = True
    loop_source: bool = False
    gain_db: float = 0.0
    fade_in: Fade = Fade()
    fade_out: Fade = Fade()
    line_number: int | None = None

    @property
    def end_s(self) -> float:
        """Where the item ends on the project's time line."""
        return self.position_s + self.length_s

    @property
    def playing_takes(self) -> tuple[Take, ...]:
        """The takes that are heard: the active one, or all."""
        if self.play_all_takes:
            return self.takes
        return self.takes[self.active_take : self.active_take + 1]


class SendMode(str, Enum):
    """Where in the sending track a send is taken."""

    POST_FADER = "post-fader"
    PRE_FX = "pre-fx"
    PRE_FADER = "pre-fader"


@dataclass(frozen=True, slots=True)
class Send:
    """A send, kept on the receiving track.

    ``source_channel`` / ``target_channel`` are 0-based first channels; a target of 2 or more is a side-chain input and
    is not audio of the track. ``source_channel`` -1: no audio (MIDI only). ``source_mono``: one channel is taken.
    """

    source_track_id: str
    mode: SendMode = SendMode.POST_FADER
    gain_db: float = 0.0
    pan: float = 0.0
    muted: bool = False
    mono: bool = False
    polarity_inverted: bool = False
    source_channel: int = 0
    source_mono: bool = False
    target_channel: int = 0
    target_mono: bool = False
    envelopes: tuple[Envelope, ...] = ()

    @property
    def is_audio(self) -> bool:
        """Whether this send adds to what the receiving track plays (not a side-chain key, not MIDI)."""
        return not self.muted and self.source_channel >= 0 and self.target_channel < 2


@dataclass(frozen=True, slots=True)
class FxSlot:
    """One plug-in of a chain: what it is, and what it is set to where it carries a name of ours.

    Parameters
    ----------
    id : str
        Its GUID with braces; ``#n`` where there is none.
    name, kind : str
        As REAPER lists it (``VST: ReaComp (Cockos)``), and the kind of plug-in (``VST``).
    tag : str
        The name that the instance was given; what we insert begins with ``TAG_PREFIX``.
    settings : EffectSettings or None
        What it is set to, where it has such a tag and we know the plug-in.
    altered : bool
        Some knob that these settings do not name stands elsewhere than we put it.
    automated : bool
        An envelope lies on one of its knobs.
    """

    id: str
    name: str
    kind: str
    bypassed: bool = False
    offline: bool = False
    is_instrument: bool = False
    tag: str = ""
    settings: EffectSettings | None = None
    altered: bool = False
    automated: bool = False

    @property
    def is_heard(self) -> bool:
        """Whether it is neither bypassed nor offline."""
        return not (self.bypassed or self.offline)


@dataclass(frozen=True, slots=True)
class Track:
    """A track, with its place in the folder tree and in the VCA groups.

    Parameters
    ----------
    id : str
        Unique in the session: REAPER's GUID with braces, or ``#n`` (n the 1-based number) where the file has none.
    number : int
        1-based position from the top.
    parent_id : str or None
        The folder it lies in; None at the top.
    pan_law_db : float or None
        Level of both sides at centre; None: the project's.
    pan_mode : int or None
        REAPER's: 0 legacy balance, 3 balance, 5 stereo pan, 6 dual pan; None: the project's.
    width, pan_right : float
        Width of stereo pan (-1..1), and the right channel's pan of dual pan.
    vca_leads, vca_follows : frozenset of int
        VCA groups, 1-based.
    hidden : bool
        Neither the mixer nor the track list shows it.
    """

    id: str
    name: str
    number: int = 1
    gain_db: float = 0.0
    pan: float = 0.0
    width: float = 1.0
    pan_right: float = 1.0
    pan_law_db: float | None = None
    pan_mode: int | None = None
    muted: bool = False
    soloed: bool = False
    solo_defeat: bool = False
    polarity_inverted: bool = False
    automation_mode: AutomationMode = AutomationMode.TRIM_READ
    n_channels: int = 2
    parent_id: str | None = None
    is_folder: bool = False
    sends_to_parent: bool = True
    play_offset_s: float = 0.0
    selected: bool = False
    record_armed: bool = False
    frozen: bool = False
    locked: bool = False
    hidden: bool = False
    effects_bypassed: bool = False
    effects: tuple[FxSlot, ...] = ()
    receives: tuple[Send, ...] = ()
    envelopes: tuple[Envelope, ...] = ()
    items: tuple[Item, ...] = ()
    vca_leads: frozenset[int] = frozenset()
    vca_follows: frozenset[int] = frozenset()

    def envelope(self, kind: EnvelopeKind) -> Envelope | None:
        """Return the envelope of this kind, or None where the track has none."""
        return next((e for e in self.envelopes if e.kind == kind), None)

    @property
    def title(self) -> str:
        """The name to show: the track's own, or ``Track n``."""
        return self.name.strip() or f"Track {self.number}"

    @property
    def is_panned(self) -> bool:
        """Whether somebody has moved its pan, or automated it."""
        kinds = (EnvelopeKind.PAN, EnvelopeKind.PAN_PRE_FX)
        return self.pan != 0.0 or any(self.envelope(kind) is not None for kind in kinds)

    def effects_heard(self) -> tuple[FxSlot, ...]:
        """Return the plug-ins that change the sound: neither bypassed nor offline."""
        if self.effects_bypassed:
            return ()
        return tuple(fx for fx in self.effects if fx.is_heard)

    def effects_played(self) -> tuple[FxSlot, ...]:
        """Return the plug-ins that are heard and that the offline console plays: those of ours, in order."""
        return tuple(fx for fx in self.effects_heard() if fx.settings is not None)

    def effect(self, effect_id: str) -> FxSlot | None:
        """Return the plug-in with this id, or None."""
        return next((fx for fx in self.effects if fx.id == effect_id), None)

    def effects_tagged(self, tag: str) -> tuple[FxSlot, ...]:
        """Return the plug-ins whose instance has this name."""
        return tuple(fx for fx in self.effects if fx.tag == tag)

    def send_from(self, track_id: str) -> Send | None:
        """Return the first audio send that this track receives from another one, or None."""
        return next((s for s in self.receives if s.source_track_id == track_id and s.source_channel >= 0), None)


@dataclass(frozen=True, slots=True)
class TempoMarker:
    """From ``time_s`` on the tempo is ``bpm``; ``numerator`` 0 keeps the metre."""

    time_s: float
    bpm: float
    numerator: int = 0
    denominator: int = 0
    gradual: bool = False


@dataclass(frozen=True, slots=True)
class Master:
    """The master track: read for what is heard, never written."""

    gain_db: float = 0.0
    pan: float = 0.0
    muted: bool = False
    mono: bool = False
    automation_mode: AutomationMode = AutomationMode.TRIM_READ
    effects: tuple[FxSlot, ...] = ()
    envelopes: tuple[Envelope, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """Everything a mixer may know about a project.

    Parameters
    ----------
    path : str
        The project file or the folder of stems; empty for a session in memory.
    sample_rate_hz : int or None
        The rate the project forces; None: whatever the audio device or the files have.
    automation_override : AutomationMode or None
        REAPER's global override; None: each track's own mode counts.
    notes : tuple of str
        What the reader could not represent, in words for the user.
    ledger_json : str
        What an earlier run wrote (see ``ledger.py``); empty where there was none.
    roles_json : str
        What the engineer said about who is who (see ``role_overrides.py``); empty where nothing was said.
    """

    path: str = ""
    name: str = ""
    sample_rate_hz: int | None = None
    tempo_bpm: float = 120.0
    time_signature: tuple[int, int] = (4, 4)
    tempo_map: tuple[TempoMarker, ...] = ()
    time_selection_s: tuple[float, float] | None = None
    pan_law_db: float = 0.0
    pan_mode: int = 3
    automation_override: AutomationMode | None = None
    master: Master = Master()
    tracks: tuple[Track, ...] = ()
    notes: tuple[str, ...] = ()
    ledger_json: str = ""
    roles_json: str = ""

    def track(self, track_id: str) -> Track:
        """Return the track with this id.

        Raises
        ------
        KeyError
            If the session has no such track.
        """
        for track in self.tracks:
            if track.id == track_id:
                return track
        raise KeyError(track_id)

    def children(self, track_id: str | None) -> Iterator[Track]:
        """Yield the tracks that lie directly in this folder (None: at the top)."""
        return (t for t in self.tracks if t.parent_id == track_id)

    def ancestors(self, track: Track) -> Iterator[Track]:
        """Yield the folders around a track, innermost first."""
        parent_id = track.parent_id
        while parent_id is not None:
            parent = self.track(parent_id)
            yield parent
            parent_id = parent.parent_id

    def mode_of(self, track: Track) -> AutomationMode:
        """Return the automation mode that counts for a track: the global override, or its own."""
        return track.automation_mode if self.automation_override is None else self.automation_override

    @property
    def any_solo(self) -> bool:
        """Whether any track is soloed, so that the others are silent."""
        return any(t.soloed for t in self.tracks)

    @property
    def end_s(self) -> float:
        """End of the last item that could play; 0 for a session without items."""
        return max((i.end_s + t.play_offset_s for t in self.tracks for i in t.items), default=0.0)

    def with_tracks(self, tracks: dict[str, Track]) -> Session:
        """Return a copy in which the tracks with these ids are replaced."""
        return replace(self, tracks=tuple(tracks.get(t.id, t) for t in self.tracks))

    def fingerprint(self) -> str:
        """Return a short hash of everything that a plan depends on (not the path, the selection or the ledger)."""
        core = replace(
            self,
            path="",
            name="",
            time_selection_s=None,
            notes=(),
            ledger_json="",
            roles_json="",
            tracks=tuple(replace(t, selected=False, hidden=False) for t in self.tracks),
        )
        data = plain(core)
        for item in (item for track in data["tracks"] for item in track["items"]):
            del item["line_number"]  # lines move when others are written
        text = json.dumps(data, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def plain(value: Any) -> Any:
    """Return a part of a session as JSON has it: dictionaries by field name, lists, enums by value, sets sorted."""
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _field_names(type(value))}
    return value


@cache
def _field_names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
