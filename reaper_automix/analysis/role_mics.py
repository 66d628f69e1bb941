"""Which microphone of a drum kit a name means, once its role is known. Stdlib only."""

from __future__ import annotations

import re

from reaper_automix.role_vocabulary import DrumMic, Role

_LEFT = r"l|left|links|gauche|izq(?:uierd[ao])?|sinistr[ao]|sx|esq(?:uerd[ao])?|ohl|hat side"
_RIGHT = r"r|right|rechts|droite?|der(?:ech[ao])?|destr[ao]|dx|direit[ao]|ohr|ride side"
_TOM = r"(?:toms?|rack(?: tom)?|rt|tom tom|timbal|hange ?tom)"

MICS: tuple[tuple[Role, DrumMic, str], ...] = (
    (Role.KICK, DrumMic.KICK_SUB, r"sub|subkick|sub ?kick|ns ?10|yamaha sub"),
    (Role.KICK, DrumMic.KICK_IN, r"in|inside|beater|batter|innen|dedans|dentro|interno|kickin"),
    (Role.KICK, DrumMic.KICK_OUT, r"out|outside|reso(?:nant)?|front|aussen|dehors|fuera|esterno|kickout"),
    (Role.SNARE, DrumMic.SNARE_BOTTOM, r"bottom|bot|btm|bttm|down|dn|under|lower|unten|dessous|abajo|sotto|baixo"),
    (Role.SNARE, DrumMic.SNARE_TOP, r"top|up|upper|over|oben|dessus|arriba|sopra|cima|(?<!\d )(?<=snare )t"),
    (Role.SNARE, DrumMic.SNARE_BOTTOM, r"(?<=snare )b|(?<=sn )b"),
    (Role.SNARE, DrumMic.SNARE_TOP, r"(?<=sn )t"),
    (Role.TOMS, DrumMic.TOM_FLOOR, r"floor(?: tom)?(?: ?\d)?|ft ?\d?|stand ?tom|goliath?|tom basse"),
    (Role.TOMS, DrumMic.TOM_1, rf"{_TOM} ?0?1|(?:hi|high) tom|tom (?:hi|high)"),
    (Role.TOMS, DrumMic.TOM_2, rf"{_TOM} ?0?2|mid tom|tom mid"),
    (Role.TOMS, DrumMic.TOM_3, rf"{_TOM} ?0?3|(?:lo|low) tom|tom (?:lo|low)"),
    (Role.TOMS, DrumMic.TOM_4, rf"{_TOM} ?0?4"),
    (Role.TOMS, DrumMic.TOM_5, rf"{_TOM} ?0?5"),
    (Role.TOMS, DrumMic.TOM_6, rf"{_TOM} ?0?6"),
    (Role.TOMS, DrumMic.TOM_RACK, r"rack(?: tom)?|rt|hange ?tom"),
    (Role.OVERHEADS, DrumMic.OVERHEAD_LEFT, _LEFT),
    (Role.OVERHEADS, DrumMic.OVERHEAD_RIGHT, _RIGHT),
    (Role.DRUMS, DrumMic.ROOM, r"rooms?|amb(?:ien(?:ce|t|te))?s?|raum|sala|salle|room(?:mic|mono|stereo)s?"),
    (Role.HIHAT, DrumMic.HIHAT, r".*"),
    (Role.PERCUSSION, DrumMic.RIDE, r"rides?"),
)
"""Patterns over whole words of a name whose role is known, tried in this order."""

_PATTERNS = tuple((role, mic, re.compile(rf"(?<!\S)(?:{pattern})(?!\S)")) for role, mic, pattern in MICS)
_SPLIT = re.compile(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")


def mic_named(role: Role, words: str) -> DrumMic | None:
    """Return the microphone that the words of a name mean.

    Parameters
    ----------
    role : Role
        What the name says it is.
    words : str
        The name in small letters, words and numbers with blanks between them.

    Returns
    -------
    DrumMic or None
        None where the words say none, or the role is no part of a drum kit.
    """
    separate = " ".join(_SPLIT.sub(" ", words).split())
    return next((mic for r, mic, pattern in _PATTERNS if r is role and pattern.search(separate)), None)
