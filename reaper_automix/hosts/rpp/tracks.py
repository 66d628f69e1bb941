"""Tracks: their controls, their place in folders and VCA groups, what they receive and what lies on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reaper_automix.chunks.context import Reading
from reaper_automix.chunks.envelopes import TRACK_TAGS
from reaper_automix.chunks.fields import Fields, Section, readable
from reaper_automix.chunks.fx_chain import read_fx_chain
from reaper_automix.chunks.items import Lanes, read_item
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.session import AutomationMode, Envelope, EnvelopeKind, Item, Send, SendMode, Track
from reaper_automix.units import lin_to_db

_SEND_TAGS = {"AUXVOLENV": EnvelopeKind.VOLUME, "AUXPANENV": EnvelopeKind.PAN, "AUXMUTEENV": EnvelopeKind.MUTE}
_SEND_MODES = {0: SendMode.POST_FADER, 1: SendMode.PRE_FX, 2: SendMode.PRE_FADER, 3: SendMode.PRE_FADER}
_UNREAD_TAGS = ("WIDTHENV", "WIDTHENV2", "DUALPANENV", "DUALPANENV2", "DUALPANENVL", "DUALPANENVL2")
_VCA_LEAD, _VCA_FOLLOW = 20, 21
_DUAL_PAN = 6


def track_ids(chunks: Sequence[Chunk]) -> list[str]:
    """Return the ids of the ``<TRACK`` chunks: GUIDs made unique, ``#n`` where a track has none."""
    ids: list[str] = []
    taken: set[str] = set()
    copies: dict[str, int] = {}
    for number, chunk in enumerate(chunks, 1):
        guid = Fields(chunk.head).text(0) or Fields(chunk.line("TRACKID")).text(0)
        name = readable(guid) or f"#{number}"
        unique, copy = name, copies.get(name, 2)
        while unique in taken:
            unique, copy = f"{name}#{copy}", copy + 1
        copies[name] = copy
        taken.add(unique)
        ids.append(unique)
    return ids


def read_tracks(chunks: Sequence[Chunk], reading: Reading) -> tuple[Track, ...]:
    """Read all tracks of a project.

    Raises
    ------
    ProjectSyntaxError
        If a number in them is malformed.
    """
    ids = track_ids(chunks)
    sections = [Section(c.body) for c in chunks]
    parents = list(_parents(sections, ids))
    return tuple(
        _track(chunk, section, number, ids, parent_id, is_folder, reading)
        for number, (chunk, section, (parent_id, is_folder)) in enumerate(
            zip(chunks, sections, parents, strict=True), 1
        )
    )


def is_inside_folder_at_end(chunks: Sequence[Chunk]) -> bool:
    """Tell whether a track after the last one would lie in a folder."""
    depth = 0
    for chunk in chunks:
        depth = max(depth + _folder_change(Fields(chunk.line("ISBUS"))), 0)
    return depth > 0


def _folder_change(bus: Fields) -> int:
    """Return how many folders an ISBUS line opens (1) or closes (below 0)."""
    return bus.whole(1, {1: 1, 2: -1}.get(bus.whole(0), 0))


def _parents(sections: Sequence[Section], ids: Sequence[str]) -> Iterator[tuple[str | None, bool]]:
    """Yield (folder, whether it is one itself) per track; closing more levels than are open closes all."""
    open_folders: list[str] = []
    for section, track_id in zip(sections, ids, strict=True):
        change = _folder_change(section.fields("ISBUS"))
        yield (open_folders[-1] if open_folders else None), change > 0
        if change > 0:
            open_folders.append(track_id)
        elif change < 0:
            del open_folders[max(len(open_folders) + change, 0) :]


def _track(
    chunk: Chunk,
    section: Section,
    number: int,
    ids: Sequence[str],
    parent_id: str | None,
    is_folder: bool,
    reading: Reading,
) -> Track:
    name = readable(_name(section))
    title = name or f"Track {number}"
    vol_pan, mute_solo = section.fields("VOLPAN"), section.fields("MUTESOLO")
    pan_mode = section.fields("PANMODE").whole(0, -1)
    _note_gaps(section, title, pan_mode, reading)
    return Track(
        id=ids[number - 1],
        name=name,
        number=number,
        gain_db=lin_to_db(vol_pan.real(0, 1.0)),
        pan=vol_pan.real(3, -1.0) if pan_mode == _DUAL_PAN else vol_pan.real(1),
        width=vol_pan.real(4, 1.0) if pan_mode != _DUAL_PAN else 1.0,
        pan_right=vol_pan.real(4, 1.0) if pan_mode == _DUAL_PAN else 1.0,
        pan_law_db=track_pan_law_db(vol_pan, title, reading),
        pan_mode=pan_mode if pan_mode >= 0 else None,
        muted=mute_solo.flag(0),
        soloed=mute_solo.flag(1),
        solo_defeat=mute_solo.flag(2),
        polarity_inverted=section.fields("IPHASE").flag(0),
        automation_mode=automation_mode(section.fields("AUTOMODE"), title, reading),
        n_channels=section.fields("NCHAN").whole(0, 2),
        parent_id=parent_id,
        is_folder=is_folder,
        sends_to_parent=section.fields("MAINSEND").flag(0, True),
        play_offset_s=_play_offset_s(section.fields("PLAYOFFS"), title, reading),
        selected=section.fields("SEL").flag(0),
        record_armed=section.fields("REC").flag(0),
        frozen=section.chunk("FREEZE") is not None,
        locked=section.fields("LOCK").flag(0),
        hidden=not (section.fields("SHOWINMIX").flag(0, True) or section.fields("SHOWINMIX").flag(3, True)),
        effects_bypassed=not section.fields("FX").flag(0, True),
        effects=read_fx_chain(section.chunk("FXCHAIN")),
        receives=tuple(_receives(chunk, title, ids, reading)),
        envelopes=_envelopes(section, reading),
        items=_items(section, number, title, reading),
        vca_leads=_groups(section, _VCA_LEAD),
        vca_follows=_groups(section, _VCA_FOLLOW),
    )


def _name(section: Section) -> str:
    """Return the track's name; one that no quotes fit around stands whole in a ``<NAME`` block."""
    block = section.chunk("NAME")
    if block is not None:
        texts = [n.text.lstrip(" \t").removeprefix("|") for n in block.body if isinstance(n, Line)]
        return " ".join(texts)
    return section.fields("NAME").text(0)


def track_pan_law_db(vol_pan: Fields, title: str, reading: Reading) -> float | None:
    """Read a track's pan law: a linear gain, -1 for the project's, other negative ones gain-compensated."""
    law = vol_pan.real(2, -1.0)
    if law == -1.0:
        return None
    if law < 0.0:
        reading.note(f"{title}: its gain-compensated pan law is read as the plain one.")
    return lin_to_db(law)


def automation_mode(fields: Fields, title: str, reading: Reading) -> AutomationMode:
    """Read AUTOMODE; an unknown number counts as trim/read."""
    number = fields.whole(0)
    if 0 <= number <= int(AutomationMode.LATCH_PREVIEW):
        return AutomationMode(number)
    reading.note(f"{title}: automation mode {number} is not known and is read as trim/read.")
    return AutomationMode.TRIM_READ


def _play_offset_s(fields: Fields, title: str, reading: Reading) -> float:
    """Read PLAYOFFS: an offset and flags (1 it is bypassed, 2 it counts samples)."""
    flags, offset = fields.whole(1), fields.real(0)
    if flags & 1 or offset == 0.0:
        return 0.0
    if not flags & 2:
        return offset
    if reading.sample_rate_hz is None:
        reading.note(f"{title}: its offset of {offset:g} samples is left out, the project sets no sample rate.")
        return 0.0
    return offset / reading.sample_rate_hz


def _groups(section: Section, index: int) -> frozenset[int]:
    """Return the groups (1-based) in which a track has a role: bit k is group k+1, in GROUP_FLAGS_HIGH group k+33."""
    roles = ((0, section.fields("GROUP_FLAGS")), (32, section.fields("GROUP_FLAGS_HIGH")))
    return frozenset(base + k + 1 for base, fields in roles for k in range(32) if fields.whole(index) >> k & 1)


def _envelopes(section: Section, reading: Reading) -> tuple[Envelope, ...]:
    return tuple(reading.envelope(c, kind) for kind, tag in TRACK_TAGS.items() for c in section.chunks(tag)[:1])


def _items(section: Section, number: int, title: str, reading: Reading) -> tuple[Item, ...]:
    lanes = _lanes(section, title, reading)
    chunks = section.chunks("ITEM")
    return tuple(read_item(c, reading, lanes=lanes, fallback_id=f"#{number}.{n}") for n, c in enumerate(chunks, 1))


def _lanes(section: Section, title: str, reading: Reading) -> Lanes:
    """Read which fixed lanes play: LANESOLO's first field has bit k for lane k+1; without it all lanes play."""
    if section.fields("FREEMODE").whole(0) != 2:
        return Lanes()
    settings, solo = section.fields("FIXEDLANES"), section.fields("LANESOLO")
    if settings.flag(3):
        reading.note(f"{title}: higher lanes mask lower ones in REAPER; here all playing lanes are heard.")
    if len(solo) == 0:
        return Lanes()
    if settings.flag(2):
        reading.note(f"{title}: it shows only one of its lanes; which one is not certain, so all are taken to play.")
        return Lanes()
    return Lanes(solo.whole(0))


def _receives(chunk: Chunk, title: str, ids: Sequence[str], reading: Reading) -> Iterator[Send]:
    """Yield the sends into a track; a send's envelopes stand right behind its AUXRECV line."""
    send: Fields | None = None
    envelopes: list[Envelope] = []
    for node in chunk.body:
        if isinstance(node, Chunk) and send is not None and node.tag in _SEND_TAGS:
            envelopes.append(reading.envelope(node, _SEND_TAGS[node.tag]))
        if isinstance(node, Line) and node.key == "AUXRECV":
            yield from _send(send, envelopes, title, ids, reading)
            send, envelopes = Fields(node), []
    yield from _send(send, envelopes, title, ids, reading)


def _send(
    fields: Fields | None, envelopes: Sequence[Envelope], title: str, ids: Sequence[str], reading: Reading
) -> Iterator[Send]:
    """Yield the send of an AUXRECV line; none where its source is no track of the project."""
    if fields is None:
        return
    index, source, target = fields.whole(0, -1), fields.whole(7), fields.whole(8)
    if not 0 <= index < len(ids):
        reading.note(f"{title}: a receive from track {index + 1}, which does not exist, is left out.")
        return
    yield Send(
        source_track_id=ids[index],
        mode=_SEND_MODES.get(fields.whole(1), SendMode.POST_FADER),
        gain_db=lin_to_db(fields.real(2, 1.0)),
        pan=fields.real(3),
        muted=fields.flag(4),
        mono=fields.flag(5),
        polarity_inverted=fields.flag(6),
        source_channel=source & 1023 if source >= 0 else -1,
        source_mono=source >= 0 and source >> 10 == 1,  # bits 10 up: 0 stereo, 1 mono, 2 four channels ...
        target_channel=max(target, 0) & 1023,
        target_mono=target >= 0 and bool(target & 1024),
        envelopes=tuple(envelopes),
    )


def _note_gaps(section: Section, title: str, pan_mode: int, reading: Reading) -> None:
    """Note what is there but is not heard in the session."""
    if any(section.chunks(tag) for tag in _UNREAD_TAGS):
        reading.note(f"{title}: envelopes of its width or of dual pan are left out.")
    if pan_mode in (5, _DUAL_PAN):
        reading.note(f"{title}: width and dual pan are read from fields of VOLPAN that no document describes.")
