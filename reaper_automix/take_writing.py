"""Moves of takes as edits: what may be written, and why not. Stdlib only."""

from __future__ import annotations

import uuid
from pathlib import Path

from reaper_automix.chain_writing import Made, Standing
from reaper_automix.edits import AddTake
from reaper_automix.guids import guid_of
from reaper_automix.ledger_entries import TakeEntry
from reaper_automix.mixplan import TakeMove, move_words
from reaper_automix.receipt import Outcome, Status
from reaper_automix.session import Item

_TAKE_NAMESPACE = uuid.UUID("0b1df0b4-8f4c-4c8b-9f38-6b8c1f7a5e21")


def take_problem(item: Item) -> str:
    """Say why an item can have no new take in place of what it plays; empty where it can."""
    if item.play_all_takes:
        return "it plays all its takes at once; choose one (Item > Take > Play all takes)"
    if len(item.playing_takes) != 1 or item.playing_takes[0].source.kind == "EMPTY":
        return "its active take is empty"
    take = item.playing_takes[0]
    if not take.id:
        return "REAPER has rendered its track to be heard, plug-ins included; a take lies before those"
    if take.n_stretch_markers:
        return f"its take has stretch markers ({take.n_stretch_markers}); glue it and run again"
    if take.n_effects:
        return f"its take has plug-ins of its own ({take.n_effects}); glue it and run again"
    return ""


def take_id(item_id: str, name: str) -> str:
    """Return the GUID for a new take: the same for the same audio on the same item, so that a run can be repeated."""
    return guid_of(_TAKE_NAMESPACE, f"{item_id}/{name}")


def write_take(move: TakeMove, standing: Standing) -> Made:
    """Return what a move of a take comes to."""
    name, what, _, _ = move_words(move)
    track = standing.track(move.track.id)
    item = None if track is None else next((item for item in track.items if item.id == move.item.id), None)
    if track is None or item is None:
        gone = "the track" if track is None else "the item"
        return Made(Outcome(name or move.track.id, what, Status.SKIPPED, f"{gone} is not there any more; run again"))
    own_id = take_id(item.id, move.name)
    problem = standing.host.why_no_takes or take_problem(item)
    if not problem and any(take.id == own_id for take in item.takes):
        problem = "an earlier run's take of the same audio is there; choose it or remove it, and run again"
    if not problem and not Path(move.file).is_file():
        problem = f"its audio ({move.file}) is not there any more; plan again"
    if not problem and not _is_wav(Path(move.file)):
        problem = f"its audio ({move.file}) is no WAV file; plan again"
    if problem:
        return Made(Outcome(track.title, what, Status.SKIPPED, problem))
    entry = TakeEntry(standing.mixer, track.id, item.id, own_id, item.playing_takes[0].id, move.name)
    edit = AddTake(track.id, item.id, own_id, move.file, move.name, move.gain_db)
    detail = f"{move.name}; the other takes stay"
    return Made(Outcome(track.title, what, Status.WRITTEN, detail), edit, entry)


def _is_wav(path: Path) -> bool:
    """Tell whether a file begins as a WAV: a plan from elsewhere may name any file, and what it names is copied."""
    try:
        with path.open("rb") as stream:
            head = stream.read(12)
    except OSError:
        return False
    return head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE"
