"""Media items and their takes.

An item's own settings and its first take share the lines up to the first ``TAKE``; each ``TAKE`` starts another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reaper_automix.chunks.context import Reading
from reaper_automix.chunks.fields import Fields, Section, readable
from reaper_automix.chunks.fx_chain import read_fx_chain
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.media import read_source
from reaper_automix.session import Envelope, EnvelopeKind, Fade, Item, Source, Take
from reaper_automix.units import lin_to_db

TAKE_ENVELOPE_TAGS: Mapping[str, EnvelopeKind] = {
    "VOLENV": EnvelopeKind.VOLUME,
    "PANENV": EnvelopeKind.PAN,
    "MUTEENV": EnvelopeKind.MUTE,
}


@dataclass(frozen=True, slots=True)
class Lanes:
    """Fixed lanes of a track: which of them play. ``mask`` is None where all do, or where it is not known."""

    mask: int | None = None

    def plays(self, item: Section) -> bool:
        """Tell whether an item's lane plays; an item whose lane is not clear does."""
        position = item.fields("YPOS")
        top, height = position.real(0), position.real(1)
        if self.mask is None or len(position) < 2 or height <= 0.0:
            return True
        lane = top / height  # a quotient of odd numbers may be infinite
        return not -0.5 <= lane < 31.5 or bool(self.mask >> round(lane) & 1)


ALL_LANES = Lanes()


def read_item(chunk: Chunk, reading: Reading, *, lanes: Lanes = ALL_LANES, fallback_id: str = "") -> Item:
    """Read an ``<ITEM`` chunk.

    Raises
    ------
    ProjectSyntaxError
        If a number in it is malformed.
    """
    stretches = take_stretches(chunk)
    own = Section(stretches[0])
    item_id = own.fields("IGUID").text(0) or fallback_id
    mute = own.fields("MUTE")
    override = mute.whole(1)  # -1: soloed, 1: silenced by another item's solo
    takes, active = _takes(stretches, item_id, reading)
    return Item(
        id=item_id,
        position_s=own.fields("POSITION").real(0),
        length_s=own.fields("LENGTH").real(0),
        takes=takes,
        active_take=active,
        play_all_takes=own.fields("ALLTAKES").flag(0),
        muted=mute.flag(0) and override != -1,
        plays=override != 1 and lanes.plays(own),
        loop_source=own.fields("LOOP").flag(0),
        gain_db=lin_to_db(own.fields("VOLPAN").real(0, 1.0)),
        fade_in=_fade(own.fields("FADEIN")),
        fade_out=_fade(own.fields("FADEOUT")),
        line_number=chunk.head.number,
    )


def _fade(fields: Fields) -> Fade:
    """Read FADEIN or FADEOUT: shape, length, automatic length (counts where positive), shape again, flag, curvature."""
    automatic_s = fields.real(2)
    shape = fields.whole(3, fields.whole(0))
    return Fade(
        length_s=automatic_s if automatic_s > 0.0 else fields.real(1),
        shape=shape if 0 <= shape <= 6 else 1,
        curvature=min(max(fields.real(5), -1.0), 1.0),
    )


def take_stretches(chunk: Chunk) -> list[list[Line | Chunk]]:
    """Split an item's body at its TAKE lines; each stretch after the first starts with its TAKE."""
    stretches: list[list[Line | Chunk]] = [[]]
    for node in chunk.body:
        if isinstance(node, Line) and node.key == "TAKE":
            stretches.append([])
        stretches[-1].append(node)
    return stretches


def selected_take(stretches: list[list[Line | Chunk]]) -> int:
    """Return which take is the active one: the last that says so, else the first."""
    heads = (stretch[0] for stretch in stretches[1:])
    marks = [Fields(head) if isinstance(head, Line) else Fields(None) for head in heads]
    return max((n for n, mark in enumerate(marks, 1) if "SEL" in (mark.text(0), mark.text(1))), default=0)


def _takes(stretches: list[list[Line | Chunk]], item_id: str, reading: Reading) -> tuple[tuple[Take, ...], int]:
    """Return the takes and which of them is active. An empty take at the top leaves nothing in the first stretch."""
    first = Section(stretches[0])
    if len(stretches) == 1 and first.chunk("SOURCE") is None:
        return (), 0
    takes = [_take(first, first.fields("VOLPAN"), 1, f"{item_id}/1", reading)]
    for index, stretch in enumerate(stretches[1:], 1):
        section = Section(stretch)
        takes.append(_take(section, section.fields("TAKEVOLPAN"), 0, f"{item_id}/{index + 1}", reading))
    return tuple(takes), selected_take(stretches)


def _take(section: Section, vol_pan: Fields, pan_index: int, fallback_id: str, reading: Reading) -> Take:
    source = section.chunk("SOURCE")
    gain_lin = vol_pan.real(pan_index + 1, 1.0)
    rate = section.fields("PLAYRATE")
    name = readable(section.fields("NAME").text(0))
    if section.chunks("PITCHENV"):
        reading.note(f"Take {name!r} has a pitch envelope, which is not heard outside of REAPER.")
    effects = read_fx_chain(section.chunk("TAKEFX"))
    return Take(
        id=section.fields("GUID").text(0) or fallback_id,
        name=name,
        source=read_source(source, reading.media) if source is not None else Source("EMPTY"),
        start_offset_s=section.fields("SOFFS").real(0),
        playrate=rate.real(0, 1.0),
        preserve_pitch=rate.flag(1, True),
        pitch_semitones=rate.real(2),
        gain_db=lin_to_db(gain_lin),
        polarity_inverted=gain_lin < 0.0,
        pan=vol_pan.real(pan_index),
        channel_mode=section.fields("CHANMODE").whole(0),
        n_stretch_markers=sum(1 + line.text.split().count("+") for line in section.lines("SM")),
        n_effects=sum(not (fx.bypassed or fx.offline) for fx in effects),
        envelopes=_envelopes(section, reading),
    )


def _envelopes(section: Section, reading: Reading) -> tuple[Envelope, ...]:
    return tuple(reading.envelope(c, kind) for tag, kind in TAKE_ENVELOPE_TAGS.items() for c in section.chunks(tag)[:1])
