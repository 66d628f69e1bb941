"""What the modules that write shipped models share: the scores they rest on, rounding, and card and weights on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reaper_automix.errors import CorpusError
from reaper_automix.files import write_bytes_whole, write_text_whole

CARD_FILE = "model.json"


def read_scores(path: Path, *, scores_format: str, sha256: str, of: str = "these songs") -> dict[str, Any]:
    """Return what ``evaluate`` wrote, provided that it is of the data that the model is trained on.

    Parameters
    ----------
    path : Path
        A JSON file.
    scores_format, sha256 : str
        Its format, and the hash of the data it must be of.
    of : str
        What the data are called in messages.

    Raises
    ------
    CorpusError
        If it cannot be read, or is of other data or of another format.
    """
    try:
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path}: no scores can be read from it ({error}). Run evaluate first.") from None
    if told.get("format") != scores_format or told.get("set", {}).get("sha256") != sha256:
        raise CorpusError(f"{path}: these are not scores of {of}. Run evaluate on {of}.")
    return told


def rounded(value: Any, decimals: int) -> Any:
    """Return nested figures with so many decimals; tuples become lists, as in JSON."""
    if isinstance(value, float):
        return round(value, decimals)
    if isinstance(value, Mapping):
        return {key: rounded(inner, decimals) for key, inner in value.items()}
    return [rounded(inner, decimals) for inner in value] if isinstance(value, list | tuple) else value


def sha256_of(data: bytes) -> str:
    """Return the hash by which a card names its weights."""
    return hashlib.sha256(data).hexdigest()


def about_weights(file: str, data: bytes) -> dict[str, str]:
    """Return the fields of a card that name its weights, by which ``models_folder.load_weights`` knows them."""
    return {"weights": file, "sha256": sha256_of(data)}


def write_model(folder: Path, card: Mapping[str, Any], weights_file: str, weights: bytes) -> None:
    """Write weights and card into a folder, which is made; the card comes last, so that it never lacks its weights.

    Raises
    ------
    SessionError
        If they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes_whole(folder / weights_file, weights)
    write_card(folder, card)


def write_card(folder: Path, card: Mapping[str, Any]) -> None:
    """Write the card of a model into a folder, which is made.

    Raises
    ------
    SessionError
        If it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_text_whole(folder / CARD_FILE, json.dumps(card, indent=1, ensure_ascii=False) + "\n")
