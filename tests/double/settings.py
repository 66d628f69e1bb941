"""The settings of a project: where ``GetSetProjectInfo`` finds them in the file, and what else lies over it."""

from __future__ import annotations

from collections.abc import Mapping

from double.tree import field, new_chunk, number, put_number, put_text
from reaper_automix.chunks.lines import Chunk, Line
from reaper_automix.chunks.text import quote

NUMBERS: Mapping[str, tuple[str, int, str]] = {
    "PROJECT_SRATE": ("SAMPLERATE", 0, "44100 0 0"),
    "PROJECT_SRATE_USE": ("SAMPLERATE", 1, "44100 0 0"),
    "PROJECT_TIMEOFFS": ("PROJOFFS", 0, "0 0 0"),
    "RENDER_SRATE": ("RENDER_FMT", 2, "0 2 0"),
    "RENDER_CHANNELS": ("RENDER_FMT", 1, "0 2 0"),
    "RENDER_BOUNDSFLAG": ("RENDER_RANGE", 0, "1 0 0 18 1000"),
    "RENDER_STARTPOS": ("RENDER_RANGE", 1, "1 0 0 18 1000"),
    "RENDER_ENDPOS": ("RENDER_RANGE", 2, "1 0 0 18 1000"),
    "RENDER_TAILFLAG": ("RENDER_RANGE", 3, "1 0 0 18 1000"),
    "RENDER_TAILMS": ("RENDER_RANGE", 4, "1 0 0 18 1000"),
    "RENDER_ADDTOPROJ": ("RENDER_ADDTOPROJ", 0, "0"),
    "RENDER_SETTINGS": ("RENDER_STEMS", 0, "0"),
    "RENDER_DITHER": ("RENDER_DITHER", 0, "0"),
    "RENDER_NORMALIZE": ("RENDER_NORMALIZE", 0, "0"),
    "SELECTION_START": ("SELECTION", 0, "0 0"),
    "SELECTION_END": ("SELECTION", 1, "0 0"),
    "LOOP_START": ("SELECTION2", 0, "0 0"),
    "LOOP_END": ("SELECTION2", 1, "0 0"),
    "CURSOR": ("CURSOR", 0, "0"),
}
"""Name: key of the line, index of the field, the whole line where it is missing."""

UNSAVED_NUMBERS = ("RENDER_NORMALIZE_TARGET", "RENDER_BRICKWALL", "RENDER_FADEIN", "RENDER_FADEOUT", "RENDER_RESAMPLE")

TEXTS: Mapping[str, tuple[str, int]] = {
    "RENDER_FILE": ("RENDER_FILE", 0),
    "RENDER_PATTERN": ("RENDER_PATTERN", 0),
    "RECORD_PATH": ("RECORD_PATH", 0),
    "RECORD_PATH_SECONDARY": ("RECORD_PATH", 1),
    "PROJECT_TITLE": ("TITLE", 0),
    "PROJECT_AUTHOR": ("AUTHOR", 0),
}
BLOCKS: Mapping[str, str] = {"RENDER_FORMAT": "RENDER_CFG", "RENDER_FORMAT2": "RENDER_CFG2"}
"""Texts that stand in a chunk of their own."""


def number_setting(root: Chunk, settings: Mapping[str, float | str], name: str) -> float:
    """Return a number; 0 for a name that is not known."""
    if name in settings:
        return float(settings[name])
    if name not in NUMBERS:
        return 0.0
    key, index, defaults = NUMBERS[name]
    return number(root, key, index, float(defaults.split()[index]))


def text_setting(root: Chunk, settings: Mapping[str, float | str], name: str) -> str | None:
    """Return a text; None for a name that is not known."""
    if name in settings:
        return str(settings[name])
    if name in TEXTS:
        key, index = TEXTS[name]
        return field(root, key, index)
    if name in BLOCKS:
        chunk = root.chunk(BLOCKS[name])
        lines = chunk.body if chunk is not None else []
        return "".join(n.text.strip() for n in lines if isinstance(n, Line))
    return None


def write_settings(root: Chunk, settings: Mapping[str, float | str]) -> None:
    """Write what lies over the project's text into it."""
    for name, value in settings.items():
        if name in NUMBERS:
            key, index, defaults = NUMBERS[name]
            if root.line(key) is not None or float(value) != float(defaults.split()[index]):
                put_number(root, key, index, float(value), defaults)
        elif name in TEXTS and text_setting(root, {}, name) != value:
            put_text(root, *TEXTS[name], str(value))
        elif name in BLOCKS and text_setting(root, {}, name) != value:
            _write_block(root, BLOCKS[name], str(value))


def _write_block(root: Chunk, tag: str, value: str) -> None:
    chunk = root.chunk(tag)
    if chunk is None:
        chunk = new_chunk(root, f"<{tag}", [])
        root.body.append(chunk)
    chunk.body[:] = [chunk.new_line(quote(value))] if value else []
