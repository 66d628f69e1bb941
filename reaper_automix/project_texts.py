"""The texts that we keep inside a project, in pieces: what we wrote (the ledger), and what was said of roles.

They are the same in an open project and in its file; where the pieces lie there is the affair of those two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reaper_automix.chunks.text import join_ext_state_pieces

LEDGER, ROLES = "LEDGER_", "ROLES_"
"""How the keys of the pieces begin; a number from 1 on follows."""

RECORD_UNREADABLE = "What an earlier run wrote is not known"
"""How the note begins where the ledger cannot be read."""


def joined_ledger(pieces: Iterable[str], note: Callable[[str], None]) -> str:
    """Return the stored ledger; empty where there is none, or where it is damaged (which is noted)."""
    try:
        return join_ext_state_pieces(pieces)
    except ValueError as error:
        note(
            f"{RECORD_UNREADABLE}: its record in the project is damaged ({error}). "
            "Its faders and envelopes count as yours now."
        )
        return ""


def joined_roles(pieces: Iterable[str], note: Callable[[str], None]) -> str:
    """Return what the engineer said of roles; empty where nothing was, or where it is damaged (which is noted)."""
    try:
        return join_ext_state_pieces(pieces)
    except ValueError as error:
        note(f"What you said of who is who cannot be read ({error}): say it again.")
        return ""
