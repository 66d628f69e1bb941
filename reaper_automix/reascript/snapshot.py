"""The open project as a ``Session``, read in small steps so that REAPER stays responsive.

Items and envelopes are read as state chunks, by the same reader as project files: one call each instead of some fifty,
and the same session whichever way it comes. Plug-ins are read by name only: one plug-in may have hundreds of
parameters, and each text out of REAPER costs a buffer of 4 MiB. A whole track's chunk is not used, because REAPER would
have to ask each plug-in for its state.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from reaper_automix.chunks.context import Reading
from reaper_automix.chunks.envelopes import TRACK_TAGS
from reaper_automix.chunks.fx_chain import slot_kind
from reaper_automix.chunks.items import read_item
from reaper_automix.chunks.lines import parse_chunk_text
from reaper_automix.chunks.media import MediaFinder
from reaper_automix.errors import ProjectSyntaxError
from reaper_automix.reascript.api import Reaper, is_null
from reaper_automix.reascript.own_effects import own_slots
from reaper_automix.reascript.project_file import SavedSettings, saved_settings
from reaper_automix.reascript.record import stored_ledger, stored_roles
from reaper_automix.session import (
    AutomationItem,
    AutomationMode,
    Envelope,
    EnvelopeKind,
    EnvelopePoint,
    FxSlot,
    Item,
    Master,
    PointShape,
    Send,
    SendMode,
    Session,
    Source,
    Take,
    TempoMarker,
    Track,
)
from reaper_automix.units import lin_to_db

Result = TypeVar("Result")
Steps = Generator[None, None, Result]
"""Work that pauses after each small step, so that a caller can give REAPER its turn."""

_SEND_TAGS = {"VOLENV": EnvelopeKind.VOLUME, "PANENV": EnvelopeKind.PAN, "MUTEENV": EnvelopeKind.MUTE}
_SEND_MODES = {0: SendMode.POST_FADER, 1: SendMode.PRE_FX, 2: SendMode.PRE_FADER, 3: SendMode.PRE_FADER}
_FIXED_LANES, _DUAL_PAN = 2, 6
_GLOBAL_BYPASS = 5
_MASTER_KINDS = tuple(kind for kind in EnvelopeKind if kind != EnvelopeKind.MUTE)


def snapshot(reaper: Reaper) -> Session:
    """Read the whole project at once."""
    return run_through(snapshot_steps(reaper))


def run_through(steps: Steps[Result]) -> Result:
    """Run stepwise work to its end without pausing."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: Result = stop.value
            return result


def snapshot_steps(reaper: Reaper) -> Steps[Session]:
    """Read the project, a track, an item or some envelopes at a time; return the session at the end."""
    context = _Context.of(reaper)
    yield
    pointers = reaper.tracks()
    for pointer in pointers:
        context.ids[pointer] = reaper.text(pointer, "GUID")
        yield
    tracks = yield from _tracks(context, pointers)
    master = yield from _master(context)
    return _session(context, tracks, master)


@dataclass
class _Context:
    """What the readers of the parts share."""

    reaper: Reaper
    reading: Reading
    saved: SavedSettings
    path: str
    ids: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, reaper: Reaper) -> _Context:
        path = reaper.project_file() or ""
        saved = saved_settings(Path(path)) if path else SavedSettings()
        folder = Path(path).parent if path else Path(reaper.media_folder())
        rate_hz = round(reaper.setting("PROJECT_SRATE")) if reaper.setting("PROJECT_SRATE_USE") else None
        reading = Reading(
            media=MediaFinder(folder, (reaper.record_path(), reaper.media_folder())),
            sample_rate_hz=rate_hz or None,
            project_attach=saved.envelope_attach,
        )
        if not path:
            reading.note("The project was never saved: its pan law is taken to be REAPER's usual one.")
        return cls(reaper, reading, saved, path)


def _session(context: _Context, tracks: tuple[Track, ...], master: Master) -> Session:
    reaper = context.reaper
    bpm, numerator, denominator = reaper.tempo_at(0.0)
    start_s, end_s = sorted(reaper.time_selection_s())
    return Session(
        path=context.path,
        name=Path(context.path).stem,
        sample_rate_hz=context.reading.sample_rate_hz,
        tempo_bpm=bpm,
        time_signature=(numerator, denominator) if numerator > 0 and denominator > 0 else (4, 4),
        tempo_map=tuple(TempoMarker(*marker) for marker in reaper.tempo_markers()),
        time_selection_s=(start_s, end_s) if end_s > start_s else None,
        pan_law_db=context.saved.pan_law_db,
        pan_mode=context.saved.pan_mode,
        automation_override=automation_override(reaper),
        master=master,
        tracks=tracks,
        ledger_json=stored_ledger(reaper, context.reading.note),
        roles_json=stored_roles(reaper, context.reading.note),
        notes=tuple(context.reading.notes),
    )


def automation_override(reaper: Reaper) -> AutomationMode | None:
    """Return REAPER's global automation override; None where each track's own mode counts."""
    number = reaper.automation_override()
    if 0 <= number < _GLOBAL_BYPASS:
        return AutomationMode(number)
    return AutomationMode.BYPASS if number == _GLOBAL_BYPASS else None


# --- tracks --------------------------------------------------------------------------------------------------------


def _tracks(context: _Context, pointers: list[str]) -> Steps[tuple[Track, ...]]:
    tracks: list[Track] = []
    open_folders: list[str] = []
    for pointer in pointers:
        track = _controls(context, pointer, len(tracks) + 1)
        yield
        effects = yield from _effects(context, pointer, track.id)
        depth = round(context.reaper.value(pointer, "I_FOLDERDEPTH"))
        track = replace(track, parent_id=open_folders[-1] if open_folders else None, is_folder=depth > 0)
        yield
        envelopes = yield from _envelopes(context, pointer, tuple(TRACK_TAGS))
        items = yield from _items(context, pointer)
        tracks.append(replace(track, effects=effects, envelopes=envelopes, items=items))
        if depth > 0:
            open_folders.append(track.id)
        elif depth < 0:
            del open_folders[max(len(open_folders) + depth, 0) :]
        yield
    return tuple(tracks)


def _controls(context: _Context, pointer: str, number: int) -> Track:
    """Read a track without its place in the folders, its envelopes and its items."""
    reaper = context.reaper
    pan_mode = round(reaper.value(pointer, "I_PANMODE"))
    dual = pan_mode == _DUAL_PAN
    pan_law = reaper.value(pointer, "D_PANLAW")
    name = reaper.text(pointer, "P_NAME")
    return Track(
        id=context.ids[pointer],
        name=name,
        number=number,
        gain_db=lin_to_db(reaper.value(pointer, "D_VOL")),
        pan=reaper.value(pointer, "D_DUALPANL" if dual else "D_PAN"),
        width=1.0 if dual else reaper.value(pointer, "D_WIDTH"),
        pan_right=reaper.value(pointer, "D_DUALPANR") if dual else 1.0,
        pan_law_db=None if pan_law == -1.0 else lin_to_db(pan_law),
        pan_mode=pan_mode if pan_mode >= 0 else None,
        muted=bool(reaper.value(pointer, "B_MUTE")),
        soloed=bool(round(reaper.value(pointer, "I_SOLO"))),
        solo_defeat=bool(reaper.value(pointer, "B_SOLO_DEFEAT")),
        polarity_inverted=bool(reaper.value(pointer, "B_PHASE")),
        automation_mode=_mode(reaper.value(pointer, "I_AUTOMODE")),
        n_channels=round(reaper.value(pointer, "I_NCHAN")),
        sends_to_parent=bool(reaper.value(pointer, "B_MAINSEND")),
        play_offset_s=_play_offset_s(context, pointer, name or f"Track {number}"),
        selected=bool(reaper.value(pointer, "I_SELECTED")),
        record_armed=bool(reaper.value(pointer, "I_RECARM")),
        hidden=not (reaper.value(pointer, "B_SHOWINTCP") or reaper.value(pointer, "B_SHOWINMIXER")),
        effects_bypassed=not reaper.value(pointer, "I_FXEN"),
        receives=tuple(_receives(context, pointer, name or f"Track {number}")),
        vca_leads=reaper.groups(pointer, "VOLUME_VCA_LEAD"),
        vca_follows=reaper.groups(pointer, "VOLUME_VCA_FOLLOW"),
    )


def _mode(number: float) -> AutomationMode:
    mode = round(number)
    return AutomationMode(mode) if 0 <= mode <= int(AutomationMode.LATCH_PREVIEW) else AutomationMode.TRIM_READ


def _play_offset_s(context: _Context, pointer: str, title: str) -> float:
    """Read a track's playback offset: flags 1 bypassed, 2 in samples."""
    flags = round(context.reaper.value(pointer, "I_PLAY_OFFSET_FLAG"))
    offset = context.reaper.value(pointer, "D_PLAY_OFFSET")
    if flags & 1 or offset == 0.0:
        return 0.0
    if not flags & 2:
        return offset
    if context.reading.sample_rate_hz is None:
        context.reading.note(f"{title}: its offset of {offset:g} samples is left out, the project sets no sample rate.")
        return 0.0
    return offset / context.reading.sample_rate_hz


def _effects(context: _Context, pointer: str, track_id: str) -> Steps[tuple[FxSlot, ...]]:
    slots: list[FxSlot] = []
    ours = own_slots(context.reaper, pointer)
    for index in range(context.reaper.n_effects(pointer)):
        slot = _effect(context.reaper, pointer, index, f"{track_id}/{index + 1}")
        slots.append(_with_ours(slot, ours[index]) if index in ours else slot)
        yield
    return tuple(slots)


def _with_ours(slot: FxSlot, read: FxSlot) -> FxSlot:
    """Return a plug-in with what is read of one that has a name of ours: its GUID as well."""
    slot_id = slot.id if read.id.startswith("#") else read.id
    return replace(
        slot,
        id=slot_id,
        tag=read.tag,
        settings=read.settings,
        altered=read.altered,
        automated=read.automated,
    )


def _effect(reaper: Reaper, pointer: str, index: int, slot_id: str) -> FxSlot:
    """Read a plug-in. Its GUID stays unread: REAPER's wrapper is not known to let a GUID's pointer through."""
    name = reaper.effect_name(pointer, index)
    kind, is_instrument = slot_kind(name)
    return FxSlot(
        id=slot_id,
        name=name,
        kind=kind,
        bypassed=not reaper.effect_is_enabled(pointer, index),
        offline=reaper.effect_is_offline(pointer, index),
        is_instrument=is_instrument,
    )


def _receives(context: _Context, pointer: str, title: str) -> Iterator[Send]:
    """Yield the sends into a track."""
    reaper = context.reaper
    for index in range(reaper.n_receives(pointer)):
        source_id = context.ids.get(reaper.receive_source(pointer, index))
        if source_id is None:
            context.reading.note(f"{title}: a receive whose track is not known is left out.")
            continue
        source = round(reaper.receive_value(pointer, index, "I_SRCCHAN"))
        target = round(reaper.receive_value(pointer, index, "I_DSTCHAN"))
        yield Send(
            source_track_id=source_id,
            mode=_SEND_MODES.get(round(reaper.receive_value(pointer, index, "I_SENDMODE")), SendMode.POST_FADER),
            gain_db=lin_to_db(reaper.receive_value(pointer, index, "D_VOL")),
            pan=reaper.receive_value(pointer, index, "D_PAN"),
            muted=bool(reaper.receive_value(pointer, index, "B_MUTE")),
            mono=bool(reaper.receive_value(pointer, index, "B_MONO")),
            polarity_inverted=bool(reaper.receive_value(pointer, index, "B_PHASE")),
            source_channel=source & 1023 if source >= 0 else -1,
            source_mono=source >= 0 and source >> 10 == 1,
            target_channel=max(target, 0) & 1023,
            target_mono=target >= 0 and bool(target & 1024),
            envelopes=tuple(_send_envelopes(context, pointer, index)),
        )


def _send_envelopes(context: _Context, pointer: str, index: int) -> Iterator[Envelope]:
    for tag, kind in _SEND_TAGS.items():
        envelope = context.reaper.receive_envelope(pointer, index, tag)
        if envelope is not None and context.reaper.is_used(envelope):
            yield read_envelope(context.reaper, context.reading, envelope, kind)


# --- envelopes -----------------------------------------------------------------------------------------------------


def _envelopes(context: _Context, track: str, kinds: tuple[EnvelopeKind, ...]) -> Steps[tuple[Envelope, ...]]:
    found: list[Envelope] = []
    for kind in kinds:
        pointer = context.reaper.envelope(track, kind)
        if pointer is not None and context.reaper.is_used(pointer):
            found.append(read_envelope(context.reaper, context.reading, pointer, kind))
            yield
    return tuple(found)


def read_envelope(reaper: Reaper, reading: Reading, pointer: str, kind: EnvelopeKind) -> Envelope:
    """Read an envelope that has points or automation items."""
    envelope = reading.envelope(parse_chunk_text(reaper.envelope_chunk(pointer)), kind)
    if not envelope.automation_items:
        return envelope
    items = [_unrolled(item, reaper.item_points(pointer, i), kind) for i, item in enumerate(envelope.automation_items)]
    return replace(envelope, automation_items=tuple(items))


def _unrolled(
    item: AutomationItem, points: list[tuple[float, float, int, float]], kind: EnvelopeKind
) -> AutomationItem:
    """Return an automation item with the points that REAPER shows in it, loops, baseline and amplitude worked in.

    The pool that an item plays stands in the project file, not in the envelope's chunk.
    """

    def point(time_s: float, value: float, shape: int, tension: float) -> EnvelopePoint:
        level = lin_to_db(value) if kind.is_volume else value
        known = PointShape(shape) if 0 <= shape <= int(PointShape.BEZIER) else PointShape.LINEAR
        return EnvelopePoint(time_s - item.position_s, level, known, tension)

    shown = tuple(point(*values) for values in points)
    return replace(
        item, start_offset_s=0.0, playrate=1.0, baseline=0.5, amplitude=1.0, loop=False, pool_length_s=0.0, points=shown
    )


# --- items ---------------------------------------------------------------------------------------------------------


def _items(context: _Context, track: str) -> Steps[tuple[Item, ...]]:
    lanes = round(context.reaper.value(track, "I_FREEMODE")) == _FIXED_LANES
    items: list[Item] = []
    for number, pointer in enumerate(context.reaper.items(track), 1):
        item = _item(context, pointer, f"{context.ids[track]}.{number}")
        if lanes and not context.reaper.item_value(pointer, "C_LANEPLAYS"):
            item = replace(item, plays=False)
        items.append(item)
        yield
    return tuple(items)


def _item(context: _Context, pointer: str, fallback_id: str) -> Item:
    """Read an item from its chunk; one whose chunk does not fit REAPER's buffer is kept as one that cannot be heard."""
    try:
        chunk = parse_chunk_text(context.reaper.item_chunk(pointer))
    except ProjectSyntaxError:  # cut off, or a name in it is not UTF-8
        return _unheard(context.reaper, pointer, fallback_id)
    return replace(read_item(chunk, context.reading, fallback_id=fallback_id), line_number=None)


def _unheard(reaper: Reaper, pointer: str, fallback_id: str) -> Item:
    source = Source(reaper.source_kind(pointer))
    return Item(
        id=fallback_id,
        position_s=reaper.item_value(pointer, "D_POSITION"),
        length_s=reaper.item_value(pointer, "D_LENGTH"),
        takes=(Take(f"{fallback_id}/1", "", source),),
        muted=bool(reaper.item_value(pointer, "B_MUTE")),
    )


# --- the master ------------------------------------------------------------------------------------------------------


def _master(context: _Context) -> Steps[Master]:
    reaper, pointer = context.reaper, context.reaper.master()
    if is_null(pointer):
        return Master()
    envelopes = yield from _envelopes(context, pointer, _MASTER_KINDS)
    effects = yield from _effects(context, pointer, "master")
    if not reaper.value(pointer, "I_FXEN"):
        effects = tuple(replace(slot, bypassed=True) for slot in effects)
    return Master(
        gain_db=lin_to_db(reaper.value(pointer, "D_VOL")),
        pan=reaper.value(pointer, "D_PAN"),
        muted=bool(reaper.value(pointer, "B_MUTE")),
        mono=context.saved.master_mono,
        automation_mode=_mode(reaper.value(pointer, "I_AUTOMODE")),
        effects=effects,
        envelopes=envelopes,
    )
