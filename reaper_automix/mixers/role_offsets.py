"""The table of role offsets: how loud tracks of a role stand in human mixes, from ``models/role_offsets``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reaper_automix.analysis.roles import Role
from reaper_automix.errors import ModelError
from reaper_automix.models_folder import AGAIN, load_card

FORMAT = "reaper_automix.role_offsets/1"


@dataclass(frozen=True, slots=True)
class RoleOffsets:
    """Offsets in dB by role name."""

    offsets_db: Mapping[str, float]

    def offset_db(self, role: Role | None) -> float:
        """Return a role's offset; 0 dB for a role that the table does not hold."""
        return 0.0 if role is None else self.offsets_db.get(role.value, 0.0)


def load_role_offsets() -> RoleOffsets:
    """Load the shipped table.

    Raises
    ------
    ModelError
        If it is missing or damaged.
    """
    card = load_card("role_offsets", FORMAT)
    try:
        return RoleOffsets({str(role): float(offset) for role, offset in card["offsets_db"].items()})
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ModelError(f"models/role_offsets/model.json: the table 'offsets_db' is damaged. {AGAIN}") from None
