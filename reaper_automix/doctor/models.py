"""The trained models: there, whole, and those that their cards describe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reaper_automix.doctor.check import Check, Probes
from reaper_automix.errors import ModelError

MODELS: Mapping[str, str] = {
    "balance": "'balance' and 'rides' with --balance learned, and learned levels of the vocal",
    "drum_mics": "'drums' on tracks whose names do not say which microphone they are",
    "drums": "'drums'",
    "rides": "'rides' with --rides lds",
    "role_offsets": "'balance', 'rides' and 'strips', which know by it how loud each role is in human mixes",
    "roles": "roles of tracks whose names say nothing",
    "strips": "'strips' with --strips learned",
    "tone": "'tone'",
    "vocal_level": "'vocal' with --level network, and its usual level",
}
"""Every model that ships, and what does not work without it."""

WEIGHTS = ("weights.npz", "weights.json")


def models(probes: Probes) -> Iterator[Check]:
    """Yield one line for the models that are whole, and a problem for each that is not."""
    try:
        folder = probes.models_folder()
    except ModelError as error:
        why = "Most mixers decide by what was learned from human mixes."
        yield Check("Models", "problem", str(error), why, _again(probes))
        return
    whole = []
    for name, needed_for in MODELS.items():
        trouble = _trouble(folder / name)
        if trouble:
            yield Check(f"Model {name}", "problem", trouble, f"Without it there is no {needed_for}.", _again(probes))
        else:
            whole.append(name)
    if whole:
        yield Check("Models", "ok", f"{len(whole)} of {len(MODELS)} are whole ({', '.join(whole)}) in {folder}")


def _again(probes: Probes) -> str:
    if (probes.root / ".git").exists():
        return f'git -C "{probes.root}" checkout -- models  (or get a complete copy of reaper_automix)'
    return f"Get a complete copy of reaper_automix, and there:  {probes.install_command}"


def _trouble(folder: Path) -> str:
    """Return what is wrong with a model; empty if nothing is."""
    card_file = folder / "model.json"
    try:
        card = json.loads(card_file.read_bytes())
    except FileNotFoundError:
        return f"{card_file} is missing"
    except OSError as error:
        return f"{card_file} cannot be read ({error.strerror or error})"
    except (ValueError, RecursionError) as error:
        return f"{card_file} is damaged ({error})"
    if not isinstance(card, dict) or not isinstance(card.get("format"), str):
        return f"{card_file} is damaged (it names no format)"
    return _weights_trouble(folder, card) if "sha256" in card else ""


def _weights_trouble(folder: Path, card: Mapping[str, Any]) -> str:
    """Return what is wrong with the numbers that a card describes."""
    file = next((folder / name for name in WEIGHTS if (folder / name).exists()), None)
    if file is None:
        return f"{folder} has no {' or '.join(WEIGHTS)}"
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"{file} cannot be read ({error.strerror or error})"
    return "" if found == card["sha256"] else f"{file} is not the file that its card describes (SHA-256 differs)"
