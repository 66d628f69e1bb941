"""Changes that get past the first check of a reader: lines, chunks, tokens, base64 and JSON are changed as such."""

from __future__ import annotations

import base64
import binascii
import copy
import json
import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

from vocabulary import FLOATS, JSON_VALUES, KEYS, NUMBERS, TAGS, WORDS

from reaper_automix.chunks.text import ext_state_pieces, join_ext_state_pieces

Mutator = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def mutate_project(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Change a project file: some of its lines, chunks, words, states of plug-ins and texts of ours."""
    lines = data.split(b"\n")
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        change = rng.choices(_CHANGES, _WEIGHTS)[0]
        if lines:
            change(lines, rng, others)
    changed = b"\n".join(lines)
    if rng.random() < 0.1:
        changed = mutate_bytes(changed, rng, others)
    return changed


def mutate_bytes(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Change some bytes: flipped, put in, taken out, repeated, cut off, or exchanged with another input's."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at = rng.randrange(len(changed) + 1)
        length = rng.choice((1, 1, 2, 4, 8, 40))
        match rng.randrange(7):
            case 0 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(changed):
                changed[at] = rng.choice((0, 1, 9, 10, 13, 32, 34, 39, 60, 62, 96, 127, 128, 255, rng.randrange(256)))
            case 2:
                changed[at:at] = rng.randbytes(length)
            case 3:
                del changed[at : at + length]
            case 4:
                changed[at:at] = changed[at : at + length] * rng.choice((1, 2, 9))
            case 5 if rng.random() < 0.3:
                del changed[at:]
            case 6 if others:
                other = rng.choice(others)
                start = rng.randrange(len(other) + 1)
                changed[at : at + length] = other[start : start + 4 * length]
    return bytes(changed)


# --- lines of a project --------------------------------------------------------------------------------------------


def _pick(lines: list[bytes], rng: random.Random) -> int:
    return rng.randrange(len(lines))


def _change_word(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    at = _pick(lines, rng)
    line = lines[at]
    indent = line[: len(line) - len(line.lstrip(b" \t"))]
    found = line.strip(b" \t").split(b" ")
    where = rng.randrange(len(found) + 1)
    new = rng.choice(WORDS).encode("utf-8", "surrogateescape")
    match rng.randrange(8):
        case 0:
            found.insert(where, new)
        case 1:
            del found[where : where + 1]
        case 2 if where < len(found):
            found[where] = mutate_bytes(found[where], rng, ())
        case 3:
            found += [rng.choice(NUMBERS).encode() for _ in range(rng.randrange(1, 6))]
        case _ if where < len(found) and (where > 0 or rng.random() < 0.2):
            found[where] = new
    lines[at] = indent + b" ".join(found)


def _new_line(rng: random.Random) -> bytes:
    fields = " ".join(rng.choice(WORDS if rng.random() < 0.3 else NUMBERS) for _ in range(rng.randrange(0, 10)))
    return f"{rng.choice(KEYS)} {fields}".encode("utf-8", "surrogateescape")


def _insert_line(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    lines.insert(_pick(lines, rng) + 1, _new_line(rng))


def _insert_chunk(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    body = [_new_line(rng) for _ in range(rng.randrange(0, 5))]
    head = f"<{rng.choice(TAGS)} {rng.choice(WORDS)}".encode("utf-8", "surrogateescape")
    at = _pick(lines, rng) + 1
    lines[at:at] = [head, *body, b">"]


def _double_line(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    at = _pick(lines, rng)
    lines[at:at] = [lines[at]] * rng.choice((1, 1, 2, 20))


def _drop_line(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    at = _pick(lines, rng)
    if (at and lines[at].strip() != b">") or rng.random() < 0.1:
        del lines[at]


def _move_line(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    at = _pick(lines, rng)
    if at and lines[at].strip() != b">" and lines[at].strip()[:1] != b"<":
        line = lines.pop(at)
        lines.insert(rng.randrange(len(lines) + 1), line)


def _extent(lines: Sequence[bytes], rng: random.Random) -> tuple[int, int]:
    """Return a random chunk as (first line, line after its last); nothing where there is none."""
    starts = [i for i, line in enumerate(lines) if i and line.lstrip(b" \t")[:1] == b"<"]
    if not starts:
        return 0, 0
    start = rng.choice(starts)
    depth = 0
    for index in range(start, len(lines)):
        bare = lines[index].strip()
        depth += (bare[:1] == b"<" and bare[1:2].isalpha()) - (bare == b">")
        if depth <= 0:
            return start, index + 1
    return 0, 0


def _double_chunk(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    start, end = _extent(lines, rng)
    lines[end:end] = lines[start:end] * rng.choice((1, 1, 2, 5))


def _drop_chunk(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    start, end = _extent(lines, rng)
    del lines[start:end]


def _move_chunk(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    start, end = _extent(lines, rng)
    piece = lines[start:end]
    del lines[start:end]
    at = rng.randrange(len(lines)) + 1
    lines[at:at] = piece


def _wrap_chunk(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    start, end = _extent(lines, rng)
    if end > start:
        n_levels = rng.choice((1, 1, 1, 2, 30, 97, 120))
        head = b"<" + rng.choice(TAGS).encode()
        lines[end:end] = [b">"] * n_levels
        lines[start:start] = [head] * n_levels


def _rename_chunk(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    start, end = _extent(lines, rng)
    if end > start:
        rest = lines[start].lstrip(b" \t").partition(b" ")[2]
        lines[start] = b"<" + rng.choice(TAGS).encode() + b" " + rest


def _splice_chunk(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    if not others:
        return
    other = rng.choice(others).split(b"\n")
    start, end = _extent(other, rng)
    at = _pick(lines, rng) + 1
    lines[at:at] = other[start:end][:200]


def _change_ending(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    at = _pick(lines, rng)
    line = lines[at]
    lines[at] = (
        line[:-1] if line.endswith(b"\r") else line + rng.choice((b"\r", b"\r", b" ", b"\t", b"\r\r", b"\x0b", b"\x85"))
    )


def _change_state(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    """Change what a line of base64 codes: a byte, a number of 4 or 8 bytes, or its length."""
    coded = [i for i, line in enumerate(lines) if len(line.strip()) >= 8 and _decoded(line.strip()) is not None]
    if not coded:
        return
    at = rng.choice(coded)
    state = bytearray(_decoded(lines[at].strip()) or b"")
    where = rng.randrange(len(state) + 1)
    match rng.randrange(5):
        case 0:
            state[where : where + 4] = struct.pack("<f", max(min(rng.choice(FLOATS), 3e38), -3e38))
        case 1:
            state[where : where + 8] = struct.pack("<d", rng.choice(FLOATS))
        case 2:
            state[where : where + 4] = struct.pack(
                "<I", rng.choice((0, 1, 33, 256, 2**31, 2**32 - 1, rng.randrange(99)))
            )
        case 3:
            state = bytearray(mutate_bytes(bytes(state), rng, ()))
        case _ if where < len(state):
            state[where] = rng.randrange(256)
    lines[at] = lines[at][: len(lines[at]) - len(lines[at].lstrip())] + base64.b64encode(bytes(state))


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _change_record(lines: list[bytes], rng: random.Random, others: Sequence[bytes]) -> None:
    """Change the text that our runs left in a project, or put one there."""
    found = [i for i, line in enumerate(lines) if line.strip().upper().startswith((b"LEDGER_", b"ROLES_"))]
    if not found:
        return
    try:
        text = join_ext_state_pieces(lines[i].split()[1].decode() for i in found)
    except (ValueError, IndexError):
        return
    prefix = lines[found[0]].split()[0].rstrip(b"0123456789")
    pieces = ext_state_pieces(mutate_json(text.encode(), rng, ()).decode("utf-8", "replace"))
    for index in reversed(found):
        del lines[index]
    lines[found[0] : found[0]] = [prefix + b"%d %s" % (n, p.encode()) for n, p in enumerate(pieces, 1)]


_CHANGES = (
    _change_word, _insert_line, _insert_chunk, _double_line, _drop_line, _move_line, _double_chunk, _drop_chunk,
    _move_chunk, _wrap_chunk, _rename_chunk, _splice_chunk, _change_ending, _change_state, _change_record,
)  # fmt: skip
_WEIGHTS = (30, 10, 4, 3, 5, 4, 3, 3, 3, 2, 4, 5, 4, 10, 2)


# --- JSON ----------------------------------------------------------------------------------------------------------


def mutate_json(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Change some values of a JSON text, or some of its bytes."""
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return mutate_bytes(data, rng, others)
    if rng.random() < 0.1:
        return mutate_bytes(data, rng, others)
    pool = [json.loads(other) for other in others[:3]] if rng.random() < 0.05 and _all_json(others[:3]) else []
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        tree = _changed_value(tree, rng, pool)
    if rng.random() < 0.01:
        return b"[" * rng.choice((200, 985, 2000)) + json.dumps(tree).encode()
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.5)
    return text.encode("utf-8", "surrogatepass" if rng.random() < 0.1 else "replace")


def _all_json(others: Sequence[bytes]) -> bool:
    return all(_parses(other) for other in others)


def _parses(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _changed_value(tree: Any, rng: random.Random, pool: list[Any]) -> Any:
    places = list(_places(tree))
    if not places:
        return copy.deepcopy(rng.choice(JSON_VALUES))
    holder, key = rng.choice(places)
    value = holder[key]
    match rng.randrange(8):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder[key:key] = [copy.deepcopy(value) for _ in range(rng.choice((1, 2, 30)))]
        case 1:
            holder[rng.choice(list(holder)) if rng.random() < 0.5 else "other"] = copy.deepcopy(value)
        case 2:
            other, other_key = rng.choice(places)
            holder[key] = copy.deepcopy(other[other_key])
        case 3 if isinstance(value, int | float) and not isinstance(value, bool):
            holder[key] = rng.choice(
                (-value, value * 2, value + 1, value / 3 if abs(value) < 1e300 else 0, str(value), 1e9, 25)
            )
        case 4 if isinstance(value, str):
            holder[key] = mutate_bytes(value.encode("utf-8", "replace"), rng, ()).decode("utf-8", "replace")
        case 5 if pool:
            holder[key] = copy.deepcopy(rng.choice([h[k] for h, k in _places(rng.choice(pool))] or [None]))
        case _:
            holder[key] = copy.deepcopy(rng.choice(JSON_VALUES))
    return tree


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Return (holder, key) of every value of a tree."""
    found: list[tuple[Any, Any]] = []
    left = [tree]
    while left:
        node = left.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        for key in keys:
            found.append((node, key))
            left.append(node[key])
    return found


# --- the rest ------------------------------------------------------------------------------------------------------


def mutate_name(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Change a track name: words of other names, characters of any script, long repeats."""
    name = data.decode("utf-8", "replace")
    match rng.randrange(6):
        case 0 if others:
            name = rng.choice((" ", "_", "-", "|", "")).join((name, rng.choice(others).decode("utf-8", "replace")))
        case 1:
            at = rng.randrange(len(name) + 1)
            point = rng.choice(
                (rng.randrange(32, 0x250), rng.randrange(0x250, 0xD800), rng.randrange(0xE000, 0x110000))
            )
            name = name[:at] + chr(point) * rng.choice((1, 1, 3, 50)) + name[at:]
        case 2:
            name = name * rng.choice((2, 3, 40))
        case 3:
            name = rng.choice((str.upper, str.title, str.swapcase, str.casefold))(name)
        case 4:
            at = rng.randrange(len(name) + 1)
            name = (
                name[:at]
                + rng.choice((" ", "1", "02", " r", "l ", ".wav", "\t", "\n", "'", '"', "`", "=", "ß"))
                + name[at:]
            )
        case _:
            return mutate_bytes(data, rng, others)
    return name.encode("utf-8", "surrogatepass")


def mutate_table(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Change a table of comma-separated values: its cells, its columns, its rows, or any bytes."""
    if rng.random() < 0.3:
        return mutate_bytes(data, rng, others)
    rows = [row.split(b",") for row in data.split(b"\n")]
    for _ in range(rng.choice((1, 1, 2, 4))):
        row = rng.choice(rows)
        at = rng.randrange(len(row))
        match rng.randrange(5):
            case 0:
                rows.insert(rng.randrange(len(rows)), list(row))
            case 1 if len(row) > 1:
                del row[at]
            case 2:
                row.insert(at, row[at])
            case _:
                row[at] = rng.choice(WORDS).encode("utf-8", "surrogateescape")
    return b"\n".join(b",".join(row) for row in rows)


def mutate_audio(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Change an audio file: numbers of its header, its length, or any bytes."""
    if rng.random() < 0.4:
        return mutate_bytes(data, rng, others if rng.random() < 0.3 else ())
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(min(len(changed), 120) + 1)
        number = rng.choice((0, 1, 2, 3, 7, 255, 256, 32768, 65535, 2**31 - 1, 2**31, 2**32 - 1, rng.randrange(2**16)))
        code = rng.choice(("<H", ">H", "<I", ">I", "<Q"))
        size = struct.calcsize(code)
        changed[at : at + size] = struct.pack(code, number % (1 << 8 * size))
    if rng.random() < 0.2:
        del changed[rng.randrange(len(changed) + 1) :]
    return bytes(changed)


MUTATORS: dict[str, Mutator] = {
    "rpp": mutate_project,
    "edits": mutate_project,
    "chunk": mutate_project,
    "plan": mutate_json,
    "session": mutate_json,
    "request": mutate_json,
    "ledger": mutate_json,
    "names": mutate_name,
    "audio": mutate_audio,
    "ratings": mutate_table,
}
