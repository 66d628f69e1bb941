"""A new project from a session: what turns a folder of stems into a file that REAPER opens.

Covered: tracks with fader, pan, width, pan law, mute, solo, polarity, automation mode, folders, VCA groups, sends with
their envelopes, envelopes, items, takes, sources; sample rate, tempo, time selection and the master's controls.
Of plug-ins only those of ours that REAPER brings along; automation items and stretch markers are not.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from reaper_automix.chunks.envelopes import TRACK_TAGS, envelope_lines
from reaper_automix.chunks.media import is_absolute
from reaper_automix.chunks.text import format_number, quote
from reaper_automix.errors import SessionError
from reaper_automix.guids import guid_of
from reaper_automix.plugins.registry import is_stock, short_name, to_block
from reaper_automix.session import (
    AutomationMode,
    Envelope,
    EnvelopeKind,
    Fade,
    Item,
    Send,
    SendMode,
    Session,
    Source,
    Take,
    Track,
)
from reaper_automix.units import db_to_lin

_NAMESPACE = uuid.UUID("0f1b6f0a-6f55-4c0e-8f0e-6f6a1c6f7b21")
_KINDS = {
    ".wav": "WAVE",
    ".wave": "WAVE",
    ".bwf": "WAVE",
    ".aif": "WAVE",
    ".aiff": "WAVE",
    ".flac": "FLAC",
    ".ogg": "VORBIS",
    ".opus": "OPUS",
    ".mp3": "MP3",
}
SEND_MODES = {SendMode.POST_FADER: 0, SendMode.PRE_FX: 1, SendMode.PRE_FADER: 3}
_SEND_TAGS = {EnvelopeKind.VOLUME: "AUXVOLENV", EnvelopeKind.PAN: "AUXPANENV", EnvelopeKind.MUTE: "AUXMUTEENV"}
_TAKE_TAGS = {EnvelopeKind.VOLUME: "VOLENV", EnvelopeKind.PAN: "PANENV", EnvelopeKind.MUTE: "MUTEENV"}
_MASTER_TAGS = {
    EnvelopeKind.VOLUME_PRE_FX: "MASTERVOLENV",
    EnvelopeKind.VOLUME: "MASTERVOLENV2",
    EnvelopeKind.TRIM_VOLUME: "MASTERVOLENV3",
    EnvelopeKind.PAN_PRE_FX: "MASTERPANENV",
    EnvelopeKind.PAN: "MASTERPANENV2",
}
_GLOBAL_BYPASS = 5


def source_kind(path: str, default: str = "WAVE") -> str:
    """Return REAPER's source type for an audio file, by its extension."""
    return _KINDS.get(Path(path).suffix.lower(), default)


def new_project_text(session: Session, *, folder: Path | None = None) -> str:
    """Write a session as the text of a new project; the module says what is covered.

    Parameters
    ----------
    session : Session
        Tracks in folder order (a folder's tracks right below it).
    folder : Path, optional
        Where the project will be saved; files below it are named relative to it, all others by their full path.

    Raises
    ------
    SessionError
        If a send comes from a track that the session does not have.
    """
    lines = [*_project_lines(session)]
    depths = [sum(1 for _ in session.ancestors(t)) for t in session.tracks]
    changes = [after - before for before, after in pairwise([*depths, 0])]
    numbers = {t.id: i for i, t in enumerate(session.tracks)}
    for track, change in zip(session.tracks, changes, strict=True):
        lines += _indented(_track_lines(track, change, numbers, folder))
    return "\n".join([*lines, ">", ""])


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _join(*fields: float | int | str) -> str:
    return " ".join(f if isinstance(f, str) else format_number(f) for f in fields)


def _gain(gain_db: float) -> str:
    return format_number(db_to_lin(gain_db))


def _guid(name: str) -> str:
    """Return a name that is a GUID already, else a GUID made from it."""
    if name.startswith("{") and name.endswith("}") and " " not in name:
        return name
    return guid_of(_NAMESPACE, name)


def _project_lines(session: Session) -> Iterator[str]:
    rate_hz = session.sample_rate_hz
    override = session.automation_override
    selection = session.time_selection_s or (0.0, 0.0)
    number = -1 if override is None else _GLOBAL_BYPASS if override == AutomationMode.BYPASS else int(override)
    yield '<REAPER_PROJECT 0.1 "7.0" 0'
    yield f"  PANLAW {_gain(session.pan_law_db)}"
    yield f"  PANMODE {session.pan_mode}"
    yield f"  SAMPLERATE {rate_hz or 44100} {int(rate_hz is not None)} 0"
    yield f"  GLOBAL_AUTO {number}"
    yield f"  TEMPO {_join(session.tempo_bpm, *session.time_signature)}"
    yield f"  SELECTION {_join(*selection)}"
    master = session.master
    yield f"  MASTERAUTOMODE {int(master.automation_mode)}"
    yield f"  MASTERMUTESOLO {int(master.muted) | int(master.mono) << 2}"
    yield f"  MASTER_VOLUME {_gain(master.gain_db)} {_join(master.pan)} -1 -1 1"
    yield from _indented(_envelopes(master.envelopes, _MASTER_TAGS, "master"))
    if session.tempo_map:
        yield from ("  <TEMPOENVEX", "    ACT 1 -1", "    VIS 1 0 1", "    DEFSHAPE 1 -1 -1")
        for m in session.tempo_map:
            yield f"    PT {_join(m.time_s, m.bpm, int(not m.gradual), m.denominator << 16 | m.numerator)}"
        yield "  >"


def track_lines(track: Track) -> list[str]:
    """Return the chunk of a new track at the top level without receives, not indented at its edges."""
    return _track_lines(track, 0, {}, None)


def _track_lines(track: Track, change: int, numbers: Mapping[str, int], folder: Path | None) -> list[str]:
    """Return a track's chunk, not indented. ``change``: how much deeper the next track lies."""
    guid = "" if track.id == f"#{track.number}" else _guid(track.id)
    head = f"<TRACK {guid}".rstrip()
    law = "-1" if track.pan_law_db is None else _gain(track.pan_law_db)
    dual = track.pan_mode == 6
    spread = _join(track.pan, track.pan_right) if dual else _join(-1, track.width)
    inner = [
        f"NAME {quote(track.name)}",
        *(["LOCK 1"] if track.locked else []),
        f"AUTOMODE {int(track.automation_mode)}",
        f"VOLPAN {_gain(track.gain_db)} {_join(0 if dual else track.pan)} {law} {spread}",
        f"MUTESOLO {int(track.muted)} {2 * track.soloed} {int(track.solo_defeat)}",
        f"IPHASE {int(track.polarity_inverted)}",
        f"PLAYOFFS {_join(track.play_offset_s, int(track.play_offset_s == 0.0))}",
        f"ISBUS {'1 1' if change > 0 else f'2 {change}' if change < 0 else '0 0'}",
        *(["SHOWINMIX 0 0.6667 0.5 0 0.5 0 0 0"] if track.hidden else []),
        f"SEL {int(track.selected)}",
        f"REC {int(track.record_armed)} 0 0 0 0 0 0 0",
        f"NCHAN {track.n_channels}",
        f"FX {int(not track.effects_bypassed)}",
        *([f"TRACKID {guid}"] if guid else []),
        *([f"PANMODE {track.pan_mode}"] if track.pan_mode is not None else []),
        *_group_lines(track),
        *(line for send in track.receives for line in _send_lines(track, send, numbers)),
        f"MAINSEND {int(track.sends_to_parent)} 0",
        *_envelopes(track.envelopes, TRACK_TAGS, track.id),
        *_chain_lines(track),
        *(line for item in track.items for line in _item_lines(item, folder)),
    ]
    return [head, *_indented(inner), ">"]


def _chain_lines(track: Track) -> list[str]:
    """Return the chain of the plug-ins that we can spell: REAPER's own whose settings are known."""
    slots = [slot for slot in track.effects if slot.settings is not None and is_stock(short_name(slot.name))]
    if not slots:
        return []
    inner = ["SHOW 0", "LASTSEL 0", "DOCKED 0"]
    for slot in slots:
        if slot.settings is not None:
            head, *body, foot = to_block(short_name(slot.name), slot.settings, slot.tag).lines()
            inner += [f"BYPASS {int(slot.bypassed)} {int(slot.offline)} 0", head, *_indented(body), foot]
            inner += ["FLOATPOS 0 0 0 0", f"FXID {slot.id}", "WAK 0 0"]
    return ["<FXCHAIN", *_indented(inner), ">"]


def _group_lines(track: Track) -> Iterator[str]:
    """Yield the VCA groups: fields 20 (leads) and 21 (follows), one bit per group, 32 groups a line."""
    for key, base in (("GROUP_FLAGS", 0), ("GROUP_FLAGS_HIGH", 32)):
        masks = [
            sum(1 << (g - base - 1) for g in groups if base < g <= base + 32)
            for groups in (track.vca_leads, track.vca_follows)
        ]
        if any(masks):
            yield f"{key} {'0 ' * 20}{masks[0]} {masks[1]}"


def _send_lines(track: Track, send: Send, numbers: Mapping[str, int]) -> Iterator[str]:
    if send.source_track_id not in numbers:
        raise SessionError(
            f"Track {track.title!r} receives from {send.source_track_id}, which is missing. Add that track."
        )
    source = send.source_channel | (1024 if send.source_mono and send.source_channel >= 0 else 0)
    target = send.target_channel | (1024 if send.target_mono else 0)
    flags = _join(int(send.muted), int(send.mono), int(send.polarity_inverted), source, target)
    start = f"AUXRECV {numbers[send.source_track_id]} {SEND_MODES[send.mode]} {_gain(send.gain_db)} {_join(send.pan)}"
    yield f"{start} {flags} -1:U 0 -1 ''"
    yield from _envelopes(send.envelopes, _SEND_TAGS, f"{track.id}/{send.source_track_id}")


def _envelopes(envelopes: Sequence[Envelope], tags: Mapping[EnvelopeKind, str], owner: str) -> Iterator[str]:
    """Yield envelope chunks in the order of their tags."""
    for kind, tag in tags.items():
        for envelope in envelopes:
            if envelope.kind == kind:
                head, *inner, foot = envelope_lines(envelope, tag=tag, eguid=_guid(f"{owner}/{tag}"))
                yield from (head, *_indented(inner), foot)


def _fade(fade: Fade) -> str:
    return _join(fade.shape, fade.length_s, 0, fade.shape, 0, fade.curvature, fade.curvature)


def _item_lines(item: Item, folder: Path | None) -> list[str]:
    inner = [
        f"POSITION {_join(item.position_s)}",
        "SNAPOFFS 0",
        f"LENGTH {_join(item.length_s)}",
        f"LOOP {int(item.loop_source)}",
        f"ALLTAKES {int(item.play_all_takes)}",
        f"FADEIN {_fade(item.fade_in)}",
        f"FADEOUT {_fade(item.fade_out)}",
        f"MUTE {int(item.muted)} {0 if item.plays else 1}",
        "SEL 0",
        f"IGUID {_guid(item.id)}",
    ]
    for index, take in enumerate(item.takes):
        if index:
            inner.append("TAKE SEL" if index == item.active_take else "TAKE")
        gain_lin = db_to_lin(take.gain_db) * (-1.0 if take.polarity_inverted else 1.0)
        inner.append(f"NAME {quote(take.name)}")
        vol_pan = _join(take.pan, gain_lin, -1)
        inner.append(f"TAKEVOLPAN {vol_pan}" if index else f"VOLPAN {_gain(item.gain_db)} {vol_pan}")
        inner += _take_lines(take, folder)
    if not item.takes:
        inner.append(f"VOLPAN {_gain(item.gain_db)} 0 1 -1")
    return ["<ITEM", *_indented(inner), ">"]


def _take_lines(take: Take, folder: Path | None) -> Iterator[str]:
    """Yield what follows a take's name and levels."""
    yield f"SOFFS {_join(take.start_offset_s)}"
    yield f"PLAYRATE {_join(take.playrate, int(take.preserve_pitch), take.pitch_semitones)} -1 0 0.0025"
    yield f"CHANMODE {take.channel_mode}"
    yield f"GUID {_guid(take.id)}"
    yield from _source_lines(take.source, folder)
    yield from _envelopes(take.envelopes, _TAKE_TAGS, take.id)


def _source_lines(source: Source, folder: Path | None) -> Iterator[str]:
    section = source.section_length_s is not None or source.section_start_s != 0.0
    if section or source.reversed:
        yield "<SOURCE SECTION"
        yield f"  LENGTH {_join(source.section_length_s or 0.0)}"
        yield f"  MODE {(2 if source.reversed else 0) | (0 if section else 1)}"
        yield f"  STARTPOS {_join(source.section_start_s)}"
        yield "  OVERLAP 0.01"
        yield from _indented(_file_lines(source, folder))
        yield ">"
        return
    yield from _file_lines(source, folder)


def _file_lines(source: Source, folder: Path | None) -> list[str]:
    if source.path is None:
        return [f"<SOURCE {source.kind}", ">"]
    path = Path(source.path)
    name = path.relative_to(folder).as_posix() if folder is not None and path.is_relative_to(folder) else source.path
    if is_absolute(name):  # a folder here may be called like a drive of Windows
        name = source.path
    kind = ("_OFFLINE_" if source.offline else "") + source_kind(source.path, source.kind)
    return [f"<SOURCE {kind}", f"  FILE {quote(name, always=True)}", ">"]
