"""Our texts in an open project: ext state, which REAPER saves with the project, in the same pieces as in its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reaper_automix.chunks.text import ext_state_pieces, join_ext_state_pieces
from reaper_automix.plan_writing import RECORD_UNREADABLE
from reaper_automix.reascript.api import Reaper

_MOST_PIECES = 100_000
_LEDGER, _ROLES = "LEDGER_", "ROLES_"


def stored_ledger(reaper: Reaper, note: Callable[[str], None]) -> str:
    """Return the stored ledger; empty where there is none, or where it is damaged (which is noted)."""
    try:
        return join_ext_state_pieces(_pieces(reaper, _LEDGER))
    except ValueError as error:
        note(
            f"{RECORD_UNREADABLE}: its record in the project is damaged ({error}). "
            "Its faders and envelopes count as yours now."
        )
        return ""


def store_ledger(reaper: Reaper, ledger_json: str) -> None:
    """Store a ledger, or remove the stored one where it is empty; pieces that stay the same are not written."""
    _store(reaper, _LEDGER, ledger_json)


def stored_roles(reaper: Reaper, note: Callable[[str], None]) -> str:
    """Return what the engineer said of roles; empty where nothing was, or where it is damaged (which is noted)."""
    try:
        return join_ext_state_pieces(_pieces(reaper, _ROLES))
    except ValueError as error:
        note(f"What you said of who is who cannot be read ({error}): say it again.")
        return ""


def store_roles(reaper: Reaper, roles_json: str) -> None:
    """Store what the engineer said of roles."""
    _store(reaper, _ROLES, roles_json)


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
