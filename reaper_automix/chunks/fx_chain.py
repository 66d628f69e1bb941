"""Plug-in chains: which plug-ins they hold and which of them are heard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from reaper_automix.chunks.fields import Fields, readable
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.plugins.registry import read_chunk
from reaper_automix.session import TAG_PREFIX, FxSlot

_PLUGIN_TAGS = frozenset({"VST", "VST3", "AU", "AUv3", "JS", "CLAP", "DX", "LV2", "VIDEO_EFFECT"})
_PREFIX = re.compile(r"(VST3|VST2|VST|AUv3|AU|CLAP|DX|LV2|JS)(i?):")


def read_fx_chain(chunk: Chunk | None) -> tuple[FxSlot, ...]:
    """Read the slots of an ``<FXCHAIN``, ``<MASTERFXLIST`` or ``<TAKEFX``; none where there is no chain.

    Plug-ins inside a container are listed on their own, and are bypassed or offline with it.
    """
    return tuple(_slots(chunk)) if chunk is not None else ()


def _slots(chain: Chunk) -> Iterator[FxSlot]:
    """Yield slots: BYPASS stands before a plug-in's chunk; FXID and the envelopes of its knobs after it."""
    state = Fields(None)
    slot: FxSlot | None = None
    for node in chain.body:
        if isinstance(node, Line):
            if node.key == "BYPASS":
                state = Fields(node)
            elif node.key == "FXID" and slot is not None:
                slot = replace(slot, id=Fields(node).text(0))
            continue
        if node.tag == "PARMENV" and slot is not None and slot.tag and node.line("PT") is not None:
            slot = replace(slot, automated=True)
        if node.tag not in _PLUGIN_TAGS and node.tag != "CONTAINER":
            continue
        if slot is not None:
            yield slot
        slot = None
        if node.tag == "CONTAINER":
            yield from (_inside(inner, state) for inner in _slots(node))
        else:
            slot = _slot(node, state)
        state = Fields(None)
    if slot is not None:
        yield slot


def _slot(plugin: Chunk, state: Fields) -> FxSlot:
    fields = Fields(plugin.head)
    title = readable(fields.text(0))
    kind, is_instrument = slot_kind(title, default=plugin.tag)
    slot = FxSlot(
        id=f"#{plugin.head.number}",
        name=f"JS: {title}" if kind == "JS" else title,
        kind=kind,
        bypassed=state.flag(0),
        offline=state.flag(1),
        is_instrument=is_instrument,
    )
    tag = readable(fields.text(3)) if plugin.tag == "VST" else ""
    return _ours(slot, plugin, tag) if tag.startswith(TAG_PREFIX) else slot


def _ours(slot: FxSlot, plugin: Chunk, tag: str) -> FxSlot:
    """Add what a plug-in with a name of ours is set to."""
    read = read_chunk(plugin)
    settings, altered = read if read is not None else (None, False)
    return replace(slot, tag=tag, settings=settings, altered=altered)


def slot_kind(title: str, *, default: str = "") -> tuple[str, bool]:
    """Return the kind that a plug-in's listed name begins with (VST2 counts as VST), and whether it is an instrument.

    Parameters
    ----------
    title : str
        Such as ``VSTi: ReaSynth (Cockos)``.
    default : str
        The kind of a name that tells none.
    """
    prefix = _PREFIX.match(title)
    kind = prefix[1] if prefix else default
    return "VST" if kind == "VST2" else kind, bool(prefix and prefix[2])


def _inside(slot: FxSlot, container: Fields) -> FxSlot:
    """Give a plug-in the bypass of the container it lies in."""
    return replace(slot, bypassed=slot.bypassed or container.flag(0), offline=slot.offline or container.flag(1))
