"""Where the trained models lie: beside the package in a checkout, inside it in a wheel. Stdlib only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from reaper_automix.errors import ModelError

_AGAIN = "Install reaper_automix again."
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
    raise ModelError(f"No models folder at {CANDIDATES[0]}. {_AGAIN}")


def load_card(name: str, model_format: str) -> dict[str, Any]:
    """Load ``model.json`` of a model.

    Raises
    ------
    ModelError
        If it is missing, damaged or of another format.
    """
    path = models_folder() / name / "model.json"
    try:
        card = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path}: the model is missing. {_AGAIN}") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({error}). {_AGAIN}") from None
    if not isinstance(card, dict) or card.get("format") != model_format:
        raise ModelError(f"{path}: expected format {model_format!r}. Install the model that fits this version.")
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
    try:
        stored = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error}). {_AGAIN}") from None
    if hashlib.sha256(stored).hexdigest() != card.get("sha256"):
        raise ModelError(f"{path}: is not the file that model.json describes. {_AGAIN}")
    try:
        return build(stored)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: is damaged ({error}). {_AGAIN}") from None
