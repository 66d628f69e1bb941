"""Our texts in an open project: ext state, which REAPER saves with the project, in the same pieces as in its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reaper_automix.chunks.text import ext_state_pieces
from reaper_automix.project_texts import LEDGER, ROLES, joined_ledger, joined_roles
from reaper_automix.reascript.api import Reaper

_MOST_PIECES = 100_000


def stored_ledger(reaper: Reaper, note: Callable[[str], None]) -> str:
    """Return the stored ledger; empty where there is none, or where it is damaged (which is noted)."""
    return joined_ledger(_pieces(reaper, LEDGER), note)


def store_ledger(reaper: Reaper, ledger_json: str) -> None:
    """Store a ledger, or remove the stored one where it is empty; pieces that stay the same are not written."""
    _store(reaper, LEDGER, ledger_json)


def stored_roles(reaper: Reaper, note: Callable[[str], None]) -> str:
    """Return what the engineer said of roles; empty where nothing was, or where it is damaged (which is noted)."""
    return joined_roles(_pieces(reaper, ROLES), note)


def store_roles(reaper: Reaper, roles_json: str) -> None:
    """Store what the engineer said of roles."""
    _store(reaper, ROLES, roles_json)


def _store(reaper: Reaper, prefix: str, text: str) -> None:
    old, new = list(_pieces(reaper, prefix)), ext_state_pieces(text)
    for number in range(1, max(len(old), len(new)) + 1):
        piece = new[number - 1] if number <= len(new) else ""
        if number > len(old) or old[number - 1] != piece:
            reaper.set_project_value(f"{prefix}{number}", piece)


def _pieces(reaper: Reaper, prefix: str) -> Iterator[str]:
    for number in range(1, _MOST_PIECES):
        piece = reaper.project_value(f"{prefix}{number}")
        if not piece:
            return
        yield piece
