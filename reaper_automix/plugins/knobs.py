"""One knob of a plug-in, as it is set while REAPER runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Knob:
    """Where a knob shall stand.

    Parameters
    ----------
    name : str
        As the plug-in reports it. With an ``index`` only its beginning.
    normalised : float
        0..1, by the formula that is known for it.
    text : str
        What the plug-in then shows, without unit: a number, ``inf`` or ``-inf``, or a word.
    unit : str
        The unit of the number; empty for none.
    index : int or None
        Number of the parameter, where names do not tell it.
    """

    name: str
    normalised: float
    text: str
    unit: str = ""
    index: int | None = None
