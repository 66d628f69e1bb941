"""Where the trained models lie: beside the package in a checkout, inside it in a wheel. Stdlib only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reaper_automix.errors import ModelError

_PACKAGE = Path(__file__).resolve().parent
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
    raise ModelError(f"No models folder at {CANDIDATES[0]}: install reaper_automix again.")


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
        raise ModelError(f"{path}: the model is missing. Install reaper_automix again.") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({error}). Install reaper_automix again.") from None
    if not isinstance(card, dict) or card.get("format") != model_format:
        raise ModelError(f"{path}: expected format {model_format!r}. Install the model that fits this version.")
    return card
