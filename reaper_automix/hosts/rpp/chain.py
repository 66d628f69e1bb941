"""Plug-ins of ours in a track's chunk: inserted at the end of its chain, set in place, taken out without a trace.

Around each plug-in REAPER writes ``BYPASS`` before its block, and ``FLOATPOS``, ``FXID`` and ``WAK`` after it.
"""

from __future__ import annotations

from dataclasses import dataclass

from reaper_automix.chunks.fields import Fields
from reaper_automix.chunks.lines import Chunk, Line, make_line
from reaper_automix.chunks.reaplug_blocks import chunk_of, put_block, read_block
from reaper_automix.edits import RestoreEffect, SetEffect
from reaper_automix.errors import SessionError
from reaper_automix.plugins.registry import is_stock, stock_for, to_block

_BEFORE_CHAIN = ("FREEZE", "FXCHAIN_REC", "ITEM")
_NEW_CHAIN = ("SHOW 0", "LASTSEL 0", "DOCKED 0")
_LINES_OF_A_SLOT = ("FLOATPOS", "FLOAT", "FXID", "WAK", "PRESETNAME")


@dataclass(frozen=True, slots=True)
class _Slot:
    """A plug-in in a chain: its block, and where its lines begin and end in the chain's body."""

    plugin: Chunk
    start: int
    end: int


def writable_in_file(plugin: str) -> tuple[str, str]:
    """Return the plug-in that a project file can be given in place of a wished one, and a sentence where it differs.

    Only REAPER's own are written: the state of others is known to themselves alone.
    """
    if is_stock(plugin):
        return plugin, ""
    stock = stock_for(plugin)
    return stock, f"{plugin} is set only in an open REAPER: in a project file {stock} takes its place"


def has_chain(track: Chunk) -> bool:
    """Tell whether a track's chunk holds a chain of plug-ins, even an empty one."""
    return track.chunk("FXCHAIN") is not None


def set_effect(track: Chunk, edit: SetEffect) -> None:
    """Set a plug-in of ours in place, or insert it after the others.

    Raises
    ------
    SessionError
        If it is none that a project file can be given.
    """
    if not is_stock(edit.plugin):
        raise SessionError(f"{edit.plugin} cannot be written into a project file. Plan again with REAPER's plug-ins.")
    chain = track.chunk("FXCHAIN")
    slot = None if chain is None else _find(chain, edit.effect_id)
    if slot is not None:
        put_block(slot.plugin, to_block(edit.plugin, edit.settings, edit.tag, read_block(slot.plugin)))
        return
    chain = chain or _add_chain(track)
    block = chunk_of(to_block(edit.plugin, edit.settings, edit.tag), indent=chain.indent, ending=chain.head.ending)
    after = ("FLOATPOS 0 0 0 0", f"FXID {edit.effect_id}", "WAK 0 0")
    chain.body += [chain.new_line("BYPASS 0 0 0"), block, *(chain.new_line(text) for text in after)]


def restore_effect(track: Chunk, edit: RestoreEffect) -> None:
    """Take a plug-in of ours out, or set it to what it was; the chain goes with its last plug-in if we had made it."""
    chain = track.chunk("FXCHAIN")
    slot = None if chain is None else _find(chain, edit.effect_id)
    if chain is None or slot is None:
        return
    if edit.was is not None:
        block = read_block(slot.plugin)
        put_block(slot.plugin, to_block(block.plugin.name, edit.was, block.name, block))
        return
    del chain.body[slot.start : slot.end]
    if not edit.had_chain and not any(chain.chunks()):
        track.remove(chain)


def _add_chain(track: Chunk) -> Chunk:
    indent, ending = track.indent, track.head.ending
    body: list[Line | Chunk] = [make_line(f"{indent}  {text}", ending) for text in _NEW_CHAIN]
    chain = Chunk(make_line(f"{indent}<FXCHAIN", ending), body, make_line(f"{indent}>", ending))
    at = (i for i, node in enumerate(track.body) if isinstance(node, Chunk) and node.tag in _BEFORE_CHAIN)
    track.body.insert(next(at, len(track.body)), chain)
    return chain


def _find(chain: Chunk, effect_id: str) -> _Slot | None:
    """Return the plug-in whose FXID this is, with all its lines: from its BYPASS to what stands before the next one."""
    body = chain.body
    for index, node in enumerate(body):
        if isinstance(node, Line) and node.key == "FXID" and Fields(node).text(0) == effect_id:
            plugin = max((i for i in range(index) if isinstance(body[i], Chunk)), default=None)
            if plugin is None:  # a line without a plug-in before it
                continue
            start = plugin - 1 if plugin and _key(body[plugin - 1]) == "BYPASS" else plugin
            end = next((i for i in range(index, len(body)) if not _belongs(body[i])), len(body))
            found = body[plugin]
            return _Slot(found, start, end) if isinstance(found, Chunk) else None
    return None


def _belongs(node: Line | Chunk) -> bool:
    """Tell whether a node after a plug-in's block is about that plug-in: a line of its own, or a knob's envelope."""
    return node.tag == "PARMENV" if isinstance(node, Chunk) else node.key in _LINES_OF_A_SLOT


def _key(node: Line | Chunk) -> str:
    return node.key if isinstance(node, Line) else node.tag
