"""What must hold for any bytes: one function per reader, bytes to nothing, which raises where a promise is broken.

Errors of ``errors.py`` are answers. Everything else that comes out is a finding, and so is a time of more than
``TIME_LIMIT_S``. The same functions serve the campaign (``run.py``), the suite (``test_fuzz.py``) and a repeat by hand.
"""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import seeds

from reaper_automix.analysis.role_names import guess_role, numbered_words_of, words_of
from reaper_automix.analysis.roles import guess_role_among, roles_of_session
from reaper_automix.audio.media import MediaReader, probe
from reaper_automix.blind_test.ratings_file import read_ratings
from reaper_automix.chunks.fields import readable
from reaper_automix.chunks.lines import parse_chunk_text, parse_project
from reaper_automix.chunks.text import ext_state_pieces, join_ext_state_pieces, quote, tokenise, words
from reaper_automix.errors import (
    AutomixError,
    ListeningError,
    MediaError,
    PlanError,
    ProjectSyntaxError,
    ScopeError,
    SessionError,
)
from reaper_automix.hosts.memory import MemoryHost
from reaper_automix.hosts.rpp import read_project
from reaper_automix.hosts.rpp.writing import apply_edits
from reaper_automix.ledger import Ledger
from reaper_automix.mixplan import MixPlan, move_words
from reaper_automix.mixplan_json import plan_from_json, plan_to_json
from reaper_automix.plan_writing import apply_plan, revert
from reaper_automix.progress_window.story import Story
from reaper_automix.reascript.worker_process import _event as event_of
from reaper_automix.requests import request_from_json, request_to_json
from reaper_automix.role_overrides import parse_role_option, parse_role_overrides
from reaper_automix.role_vocabulary import Role
from reaper_automix.scope import choose_scope
from reaper_automix.session import Session, plain
from reaper_automix.session_json import session_from_json, session_to_json

TIME_LIMIT_S = 5.0
"""Of the processor: more than that is a hang."""

NOWHERE = Path("/nowhere/Song.RPP")

Target = Callable[[bytes], None]


class Broken(AssertionError):
    """A promise that an input broke."""


def _check(holds: bool, promise: str) -> None:
    if not holds:
        raise Broken(promise)


def _one_in(n: int, data: bytes) -> bool:
    """Choose one of n inputs, the same ones every time: what costs much is not asked of every one."""
    return zlib.crc32(data) % n == 0


# --- projects ------------------------------------------------------------------------------------------------------


def rpp(data: bytes) -> None:
    """Any bytes are refused with a line number, or read; what is read is written back as it was."""
    try:
        project = parse_project(data, NOWHERE)
    except ProjectSyntaxError:
        return
    _check(project.to_bytes() == data, "the lines of a project are its bytes")
    try:
        session = read_project(project, NOWHERE)
    except ProjectSyntaxError as error:
        _check(0 < error.line_number <= data.count(b"\n") + 1, "an error names a line of the file")
        return
    _check_session(session, thorough=_one_in(8, data))
    apply_edits(project, (), session.ledger_json)
    _check(project.to_bytes() == data, "writing nothing changes nothing")


def _check_session(session: Session, *, thorough: bool) -> None:
    _check(len({track.id for track in session.tracks}) == len(session.tracks), "every track has an id of its own")
    if not thorough:
        return
    infinite = [place for place, number in _numbers(plain(session)) if not math.isfinite(number)]
    _check(not infinite, f"the numbers of a session are finite: {infinite[:3]}")
    _check(session_from_json(session_to_json(session)) == session, "a session comes back from its JSON")
    roles_of_session(session)
    with contextlib.suppress(ScopeError):
        choose_scope(session)


def _numbers(data: Any, place: str = "") -> Iterator[tuple[str, float]]:
    """Yield the decimal numbers of plain data with their places."""
    if isinstance(data, float):
        yield place, data
    elif isinstance(data, dict):
        for key, value in data.items():
            if key != "ratio":  # of a limiter: infinite by right
                yield from _numbers(value, f"{place}.{key}")
    elif isinstance(data, list | tuple):
        for index, value in enumerate(data):
            yield from _numbers(value, f"{place}[{index}]")


def edits(data: bytes) -> None:
    """A project that can be read takes every kind of move, and a revert gives the very bytes back."""
    host = InMemory.from_text(data.decode("utf-8", "surrogateescape"), NOWHERE)
    try:
        session = host.read_session()
        if session.ledger_json or any(note.startswith("What an earlier run") for note in session.notes):
            return
        apply_plan(host, seeds.everything_plan(session, takes=False))
        _check(host.written != data or not session.tracks, "moves change the project")
        revert(host)
    except (SessionError, PlanError):
        return
    _check(host.written == data, "what was written is taken back byte for byte")


class InMemory(seeds._Unwritten):
    """A project file that is never written, and takes that are never copied."""


def chunk(data: bytes) -> None:
    """A state chunk as REAPER hands it out is refused or read."""
    text = data.decode("utf-8", "replace")
    try:
        root = parse_chunk_text(text)
    except ProjectSyntaxError:
        return
    _check(text.startswith("".join(f"{n.text}{n.ending}" for n in root.all_lines())), "a chunk's lines are its text")


# --- JSON ----------------------------------------------------------------------------------------------------------


@cache
def _song() -> Session:
    return seeds.session_of(seeds.SONG.encode())


def plan(data: bytes) -> None:
    """Any text is refused as a plan with a message, or read; what is read comes back from its JSON, and can be told."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return  # refused where files are read
    try:
        read = plan_from_json(text, name="plan.json")
    except PlanError as error:
        _check_message(error)
        return
    again = plan_to_json(read)
    again.encode("utf-8", "surrogateescape")
    _check(plan_from_json(again) == read, "a plan comes back from its JSON")
    for move in read.moves:
        move_words(move)
    _apply_in_memory(read)


def _apply_in_memory(read: MixPlan) -> None:
    """Write a plan into a session in memory, and take it back: whatever was written is gone again."""
    host = MemoryHost(_song())
    try:
        apply_plan(host, read)
        revert(host)
    except (SessionError, PlanError) as error:
        _check_message(error)


def _check_message(error: AutomixError) -> None:
    """A message can be shown in any terminal and is no novel."""
    said = str(error)
    _check(bool(said) and len(said) < 2_000, f"a message is short: {len(said)} characters")
    said.encode("utf-8", "surrogateescape")


def session(data: bytes) -> None:
    """Any text is refused as a session, or read; what is read comes back from its JSON and can be judged."""
    text = data.decode("utf-8", "replace")
    try:
        read = session_from_json(text)
    except SessionError as error:
        _check_message(error)
        return
    again = session_from_json(session_to_json(read))
    _check(repr(again) == repr(read), "a session comes back from its JSON")
    roles_of_session(read)
    read.fingerprint()
    Ledger.of(read)
    with contextlib.suppress(ScopeError):
        choose_scope(read)


def request(data: bytes) -> None:
    """Any text is refused as a request, or read and comes back; any lines of a worker are heard or passed over."""
    text = data.decode("utf-8", "replace")
    try:
        read = request_from_json(text, name="request.json")
        _check(request_from_json(request_to_json(read)) == read, "a request comes back from its JSON")
    except PlanError as error:
        _check_message(error)
    story = Story("Automix")
    for line in data.splitlines():
        event_of(line)
        story.hear(line.decode("utf-8", "replace"))
        story.view()
        with_receipt = Story("Automix")
        with_receipt.hear_receipt(event_of(line))
        with_receipt.view()


def ledger(data: bytes) -> None:
    """A damaged record of earlier runs counts as none, and never stops a run or a revert."""
    text = data.decode("utf-8", "replace")
    session = _with_record(_song(), text)
    Ledger.of(session)
    host = MemoryHost(session)
    try:
        apply_plan(host, seeds.everything_plan(session))
        revert(host)
    except (SessionError, PlanError) as error:
        _check_message(error)
    with contextlib.suppress(ValueError):
        parse_role_overrides(text)
    try:
        joined = join_ext_state_pieces(text.split("\n"))
        _check(join_ext_state_pieces(ext_state_pieces(joined)) == joined, "stored texts come back")
    except ValueError:
        pass


def _with_record(session: Session, text: str) -> Session:
    from dataclasses import replace

    return replace(session, ledger_json=text)


# --- names ---------------------------------------------------------------------------------------------------------


def names(data: bytes) -> None:
    """Any name gives an answer: a role of the vocabulary with the words that say so, or none."""
    name = data.decode("utf-8", "surrogateescape" if _one_in(2, data) else "replace")
    shown = words_of(name)
    _check(shown == shown.strip() and "\n" not in shown, "words have single blanks between them")
    numbered_words_of(name)
    guess = guess_role(name)
    if guess is not None:
        _check(isinstance(guess.role, Role) and bool(guess.evidence), "a role comes with its evidence")
        _check(guess.mic is None or isinstance(guess.role, Role), "a microphone comes with a role")
    parts = [part for part in name.split("|") if part] or [""]
    guess_role_among(parts[0], parts[1:3], parts[3:]).described()
    with contextlib.suppress(ValueError):
        parse_role_option(name)
    _check_spelling(name)


def _check_spelling(name: str) -> None:
    """A name that is written into a project is read again as it was, as far as a line can hold it."""
    token = quote(name)
    line = f"NAME {token}"
    found = tokenise(line)
    _check(len(found) == 2 and words(line)[1] == found[1].text, "a quoted name is one token")
    plain_name = name.translate({10: " ", 13: " ", 0: " "}).replace("\r\n", " ")
    if not set("\"'`") <= set(plain_name) and "\r\n" not in name:
        _check(found[1].text == plain_name, "a quoted name reads as it was")
    readable(name).encode("utf-8")


# --- audio ---------------------------------------------------------------------------------------------------------


def audio(data: bytes) -> None:
    """Any bytes under an audio file's name are refused with a message, or give samples of the promised shape."""
    path = _sound_file(data)
    try:
        info = probe(path)
        _check(info.n_channels > 0 and info.sample_rate_hz > 0 and info.n_frames > 0, "a sound has a shape")
        with MediaReader(path) as reader:
            for start in (0, info.n_frames // 2, info.n_frames - 10, -5, info.n_frames + 5):
                block = reader.read(start, 64)
                _check(block.shape == (info.n_channels, 64), "a block has the shape that was asked for")
                _check(str(block.dtype) == "float32", "samples are float32")
            first = reader.read(0, 64)
        with MediaReader(path) as reader:
            _check(_same_samples(reader.read(0, 64), first), "reading again gives the same")
    except MediaError as error:
        _check_message(error)


def ratings(data: bytes) -> None:
    """Any file is refused as results of a listening page, or gives ratings from 0 to 100 with whose they are."""
    path = Path(_sound_file(data))
    try:
        found, notes = read_ratings([path])
    except ListeningError as error:
        _check_message(error)
        return
    _check(bool(found), "results hold a rating")
    _check(all(0.0 <= one.rating <= 100.0 and one.mixer for one in found), "ratings are whole")
    for note in notes:
        note.encode("utf-8")


def _same_samples(a: Any, b: Any) -> bool:
    return bool(((a == b) | ((a != a) & (b != b))).all())


def _sound_file(data: bytes) -> str:
    """Lay the bytes into one file, which the next input overwrites."""
    path = os.path.join(tempfile.gettempdir(), f"reaper-automix-fuzz-{os.getpid()}.wav")
    with open(path, "wb") as file:
        file.write(data)
    return path


TARGETS: dict[str, Target] = {
    "rpp": rpp,
    "edits": edits,
    "chunk": chunk,
    "plan": plan,
    "session": session,
    "request": request,
    "ledger": ledger,
    "names": names,
    "audio": audio,
    "ratings": ratings,
}
