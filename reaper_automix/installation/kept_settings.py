"""What our actions leave in REAPER's own text files, as bytes: found and taken out, nothing else changed."""

from __future__ import annotations

from collections.abc import Collection


def without_section(data: bytes, name: str) -> bytes:
    """Return an ini file without one section; the same bytes if it has none."""
    header = f"[{name}]".casefold().encode()
    kept, is_ours = [], False
    for line in data.splitlines(keepends=True):
        if line.lstrip().startswith(b"["):
            is_ours = line.strip().lower() == header
        if not is_ours:
            kept.append(line)
    return b"".join(kept)


def n_lines_naming(data: bytes, words: Collection[bytes]) -> int:
    """Return how many lines of a file hold one of the words."""
    return sum(any(word in line for word in words) for line in data.splitlines())
