"""Reading JSON that a person or another version may have written: every error names the field and the next step."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from reaper_automix.errors import PlanError

LARGEST_NUMBER = 1e9
_LONGEST_SHOWN = 60


def parse_json(text: str, *, name: str, step: str) -> JsonReader:
    """Return a reader of a JSON text.

    Parameters
    ----------
    text : str
        The JSON.
    name : str
        What to call it in messages: the file, say.
    step : str
        The next step, a sentence, for every message.

    Raises
    ------
    PlanError
        If it is no JSON, or holds text that cannot be written again.
    """
    try:
        value = json.loads(text)
        if "\\u" in text:
            _refuse_half_characters(value, f"{name}. {step}")
        return JsonReader(value, name, step)
    except RecursionError:
        raise PlanError(f"{name}: not JSON (nested too deeply). {step}") from None
    except json.JSONDecodeError as error:
        raise PlanError(f"{name}: not JSON (line {error.lineno}: {error.msg}). {step}") from None
    except ValueError:  # Python reads no whole number of more than 4300 digits
        raise PlanError(f"{name}: holds a number with thousands of digits. {step}") from None


def _refuse_half_characters(value: Any, place: str) -> None:
    """Refuse halves of characters (lone surrogates), but for those that stand for the odd bytes of file names."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        raise PlanError(f"Half a character ({half}) stands in a text of {place}") from None


def _shown(key: str) -> str:
    """Return a key for a message."""
    return key if len(key) <= _LONGEST_SHOWN else f"{key[:_LONGEST_SHOWN]} ..."


class JsonReader:
    """One JSON value that knows where it stands; every method raises ``PlanError`` where it is not what is wanted.

    Parameters
    ----------
    value : object
        The value.
    where : str
        Its place, such as ``plan.moves[3].track``.
    step : str
        The next step, a sentence, for every message.
    """

    def __init__(self, value: Any, where: str, step: str) -> None:
        self.value = value
        self.where = where
        self._step = step

    def fail(self, wanted: str) -> PlanError:
        """Return the error that says what was wanted here."""
        try:
            shown = json.dumps(self.value, ensure_ascii=False, default=str)[:_LONGEST_SHOWN]
        except RecursionError:  # it was read from a place less deep
            shown = f"lists in lists, {type(self.value).__name__}"
        return PlanError(f"{self.where}: expected {wanted}, found {shown}. {self._step}")

    def get(self, key: str) -> JsonReader:
        """Return a field of an object."""
        if key not in self._object():
            raise PlanError(f"{self.where}: the field '{key}' is missing. {self._step}")
        return JsonReader(self.value[key], f"{self.where}.{_shown(key)}", self._step)

    def get_or_none(self, key: str) -> JsonReader | None:
        """Return a field of an object, None where it is missing or null."""
        return None if self._object().get(key) is None else self.get(key)

    def only(self, keys: Collection[str]) -> None:
        """Refuse fields that are not known: they would be ignored in silence."""
        for key in self._object():
            if key not in keys:
                raise PlanError(f"{self.where}: the field '{_shown(key)}' is not known here. {self._step}")

    def fields(self) -> dict[str, JsonReader]:
        """Return all fields of an object."""
        return {key: self.get(key) for key in self._object()}

    def items(self) -> list[JsonReader]:
        """Return the values of a list."""
        if not isinstance(self.value, list):
            raise self.fail("a list")
        return [JsonReader(value, f"{self.where}[{index}]", self._step) for index, value in enumerate(self.value)]

    def text(self) -> str:
        """Return a text."""
        if not isinstance(self.value, str):
            raise self.fail("a text")
        return self.value

    def number(self) -> float:
        """Return a finite number of reasonable size."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.fail("a number")
        if not -LARGEST_NUMBER <= self.value <= LARGEST_NUMBER:  # false for NaN as well
            raise self.fail("a number of reasonable size")
        return float(self.value)

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            raise self.fail("true or false")
        return self.value

    def mapping(self) -> dict[str, Any]:
        """Return an object as it is."""
        return dict(self._object())

    def _object(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        return self.value

    def number_or_none(self, key: str) -> float | None:
        """Return a number of an object, None where it is missing or null."""
        inner = self.get_or_none(key)
        return None if inner is None else inner.number()

    def number_or(self, key: str, default: float) -> float:
        """Return a number of an object, ``default`` where it is missing or null."""
        inner = self.get_or_none(key)
        return default if inner is None else inner.number()

    def text_or(self, key: str, default: str) -> str:
        """Return a text of an object, ``default`` where it is missing or null."""
        inner = self.get_or_none(key)
        return default if inner is None else inner.text()

    def pair(self) -> tuple[float, float]:
        """Return a list of two numbers."""
        values = [item.number() for item in self.items()]
        if len(values) != 2:
            raise self.fail("two numbers")
        return values[0], values[1]
