"""What the engineer has set for all actions, asked for in one of REAPER's own input boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from reaper_automix.errors import AutomixError
from reaper_automix.plugins.registry import SUITES
from reaper_automix.settings import RIDE_ENVELOPES, RIDERS, STRIP_SOURCES, MixSettings

TITLE = "Automix settings"
_SEPARATOR = "\n"
_BOX_ROOM = 1024


@dataclass(frozen=True, slots=True)
class Preferences:
    """Preferences of the actions.

    Parameters
    ----------
    strength_percent : float
        0 to 100: how far each move goes.
    target : str
        ``fader`` (levels on faders, rides on envelopes) or ``envelope`` (everything on envelopes).
    rides : str
        The envelope for rides: ``volume``, or ``trim`` for engineers who keep the Volume envelope to themselves.
    tracks : str
        ``selected`` (all, where none is selected) or ``all``.
    plug_ins : str
        ``stock`` (REAPER's own) or ``iem``; for mixers that insert plug-ins.
    render : str
        Tracks that cannot be judged from their files: ``ask``, ``always`` (REAPER renders them first) or ``never``.
    rider : str
        Who rides in ``Automix rides``: ``auto``, ``lds`` (learned from human rides) or ``rule`` (even loudness).
    strips : str
        Who suggests the strips of ``Automix strips``: ``usual`` (the level of a role), ``learned``, or ``auto``,
        what is proven.
    tone : str
        What ``Automix tone`` gives a track: an ``equaliser``, or the network's audio as a new ``take`` of each item.
    report_audio : str
        ``yes``: the report of a run can be listened to, and is larger and later by that; or ``no``.
    """

    strength_percent: float = 100.0
    target: str = "fader"
    rides: str = "volume"
    tracks: str = "selected"
    plug_ins: str = "stock"
    render: str = "ask"
    rider: str = "auto"
    strips: str = "auto"
    tone: str = "equaliser"
    report_audio: str = "yes"

    def to_data(self) -> dict[str, Any]:
        """Return the preferences as they are stored."""
        return asdict(self)

    def mix_settings(self) -> MixSettings:
        """Return the settings of a run."""
        return MixSettings(
            strength_percent=self.strength_percent,
            all_on_envelope=self.target == "envelope",
            ride_envelope=RIDE_ENVELOPES[self.rides],
            rider=self.rider,
            strip_source=self.strips,
            tone_take=self.tone == "take",
            plugins=self.plug_ins,
        )


CHOICES: Mapping[str, tuple[str, ...]] = {
    "target": ("fader", "envelope"),
    "rides": tuple(RIDE_ENVELOPES),
    "tracks": ("selected", "all"),
    "plug_ins": SUITES,
    "render": ("ask", "always", "never"),
    "rider": RIDERS,
    "strips": STRIP_SOURCES,
    "tone": ("equaliser", "take"),
    "report_audio": ("yes", "no"),
}

CAPTIONS: Mapping[str, str] = {
    "strength_percent": "Strength (0 to 100 %)",
    "target": "Levels go to (fader or envelope)",
    "rides": "Envelope for rides (volume or trim)",
    "tracks": "Tracks (selected or all)",
    "plug_ins": f"Plug-ins ({' or '.join(SUITES)})",
    "render": "Render tracks with plug-ins first (ask / always / never)",
    "rider": "Who rides in 'Automix rides' (auto / lds / rule)",
    "strips": "Who suggests 'Automix strips' (auto / usual / learned)",
    "tone": "'Automix tone' makes (equaliser or take)",
    "report_audio": "Reports can be listened to (yes or no)",
}


class WrongEntry(AutomixError):
    """An entry of the settings box cannot be used."""


def from_stored(stored: Mapping[str, Any]) -> Preferences:
    """Return preferences from what was stored; what cannot be used is left at its default."""
    preferences = Preferences()
    for field in fields(Preferences):
        if field.name in stored:
            try:
                preferences = replace(preferences, **{field.name: _checked(field.name, str(stored[field.name]))})
            except WrongEntry:
                continue
    return preferences


def ask(api: Any, present: Preferences) -> Preferences | None:
    """Show the settings box until its entries can be used; None where the engineer cancelled it."""
    entries = [_shown(value) for value in asdict(present).values()]
    while True:
        captions = ",".join(CAPTIONS.values())
        captions = f"{captions},separator={_SEPARATOR},extrawidth=160"
        answer = api.GetUserInputs(TITLE, len(entries), captions, _SEPARATOR.join(entries), _BOX_ROOM)
        if not answer[0]:
            return None
        entries = (str(answer[4]).split(_SEPARATOR) + [""] * len(CAPTIONS))[: len(CAPTIONS)]
        try:
            return Preferences(**{name: _checked(name, text) for name, text in zip(CAPTIONS, entries, strict=True)})
        except WrongEntry as error:
            api.ShowMessageBox(str(error), TITLE, 0)


def _checked(name: str, text: str) -> Any:
    """Return an entry as the value it means.

    Raises
    ------
    WrongEntry
        If it means none.
    """
    text = text.strip().casefold()
    if name in CHOICES:
        matches = [choice for choice in CHOICES[name] if text and choice.startswith(text)]
        if len(matches) > 1:
            raise WrongEntry(f"{CAPTIONS[name]}: {text!r} may be {' or '.join(matches)}; write one of them.")
        if not matches:
            raise WrongEntry(f"{CAPTIONS[name]}: {text!r} is none of {', '.join(CHOICES[name])}.")
        return matches[0]
    try:
        value = float(text.removesuffix("%").strip().replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 100.0:
        raise WrongEntry(f"{CAPTIONS[name]}: {text!r} is no number from 0 to 100.")
    return value


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
