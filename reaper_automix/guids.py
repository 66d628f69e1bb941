"""Identifiers as REAPER spells them, the same again for the same name. Stdlib only."""

from __future__ import annotations

import uuid


def guid_of(namespace: uuid.UUID, name: str) -> str:
    """Return the identifier of a name, such as ``{0B1DF0B4-...}``; names may hold bytes that are no UTF-8."""
    text = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "{" + str(uuid.uuid5(namespace, text)).upper() + "}"
