"""Where the trained models lie: beside the package in a checkout, inside it in a wheel. Stdlib only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from reaper_automix.errors import ModelError

AGAIN = (
    "Get a complete copy of reaper_automix and run install.py in it; 'reaper-automix doctor' names every damaged model."
)
"""The next step where a model cannot be used."""

MOST_BYTES = 64_000_000
"""Of one file of a model; the greatest that ships has 1.5 MB."""

_PACKAGE = Path(__file__).resolve().parent
Model = TypeVar("Model")

CANDIDATES = (_PACKAGE.parent / "models", _PACKAGE / "_models")


def models_folder() -> Path:
    """Return the folder that holds the models.

    Raises
    ------
    ModelError
        If there is none.
    """
    for folder in CANDIDATES:
        if folder.is_dir():
            return folder
    raise ModelError(f"No models folder at {CANDIDATES[0]}. {AGAIN}")


def load_card(name: str, model_format: str) -> dict[str, Any]:
    """Load ``model.json`` of a model.

    Raises
    ------
    ModelError
        If it is missing, damaged or of another format.
    """
    path = models_folder() / name / "model.json"
    try:
        card = json.loads(_bytes_of(path))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: cannot be read ({error}). {AGAIN}") from None
    found = card.get("format") if isinstance(card, dict) else None
    if not isinstance(card, dict) or found != model_format:
        raise ModelError(f"{path}: expected format {model_format!r}, found {found!r}. {AGAIN}")
    return card


def load_weights(name: str, file: str, card: Mapping[str, Any], build: Callable[[bytes], Model]) -> Model:
    """Load the numbers of a model.

    Parameters
    ----------
    name, file : str
        Of the model, and of the file in its folder.
    card : mapping
        What ``load_card`` returned; its ``sha256`` is that of the file.
    build : callable
        Makes the model of the file's bytes, or raises because they are none.

    Raises
    ------
    ModelError
        If the file is missing, damaged or not the one that the card describes.
    """
    path = models_folder() / name / file
    stored = _bytes_of(path)
    if hashlib.sha256(stored).hexdigest() != card.get("sha256"):
        raise ModelError(f"{path}: is not the file that model.json describes. {AGAIN}")
    try:
        return build(stored)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise ModelError(f"{path}: is damaged ({error or type(error).__name__}). {AGAIN}") from None


def _bytes_of(path: Path) -> bytes:
    """Return a file's bytes: of a plain file, and not more than a model of ours may have."""
    try:
        if not path.is_file():
            raise ModelError(f"{path}: the model is missing. {AGAIN}")
        with path.open("rb") as stream:
            stored = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error}). {AGAIN}") from None
    if len(stored) > MOST_BYTES:
        raise ModelError(f"{path}: has more than {MOST_BYTES // 1_000_000} MB, which no model of ours has. {AGAIN}")
    return stored
