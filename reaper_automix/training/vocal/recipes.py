"""The published network and training [1], and one change of it for each cause that [1] section IV suspects.

What [1] leaves open, and how it is read here: mel energies are power spectra, Hann window, Slaney's scale; the random
gain is drawn for each channel of each block anew, uniform in dB from -12 to 0, so that the level of one channel says
nothing of the other: after it, and after each channel was brought to its own maximum, *the level difference is not in
the input*; what can be learned is what spectra and density say of it. Only blocks in which the vocal sounds count. The
bias of the answer begins at the mean of the training targets, so that the network begins as the constant predictor and
need not spend its steps on getting there.

References
----------
.. [1] K. Li, A. Lerch, Autonomous vocal and backing track mixing, sections III-B and IV.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

PUBLISHED_EPOCHS = 100
STEPS = 160
"""Batches of a training run, where not said otherwise: what time allows on one core."""
MORE_STEPS = 240
"""Batches where new authors are judged."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is learned from what, and how.

    Parameters
    ----------
    name : str
    cause : str
        Which suspected cause it tests; empty for the published recipe.
    widths : tuple of int
        Channels that each of the convolutions gives.
    dropout : float
    weight_decay : float
        Decoupled from the gradient, of weights and not of biases: a step takes so many times 0.05 % of them. 0 is plain
        Adam.
    lead_parts : bool
        Whether songs without a vocal, with their lead part, are learned from.
    remixes : bool
        Whether backings whose inner balance was changed, and blocks at random starts, are learned from.
    as_level : bool
        Whether the input is the level of the mel energies, over 80 dB, not the energies.
    pooling : int
        Frames per column of the input: 1 is 1.5 s per block, 4 is 6 s.
    target : str
        ``song`` (integrated loudness difference of the song), ``local`` (of the block), ``minmax`` (of the song,
        scaled to 0..1 over the training songs), ``amplitude`` (of the song, as a linear ratio), or ``visible`` (code
        check: local, with channels that are not normalised and whose random gains are part of the target).
    steps : int
        Batches; 0: the published 100 epochs.
    """

    name: str
    cause: str = ""
    widths: tuple[int, ...] = (8, 16, 32, 64)
    dropout: float = 0.3
    weight_decay: float = 0.0
    lead_parts: bool = False
    remixes: bool = False
    as_level: bool = False
    pooling: int = 1
    target: str = "song"
    steps: int = STEPS


PUBLISHED = Recipe("as published", steps=0)
"""Learned from the real vocals only, for 100 epochs."""
ALL_DATA = Recipe("as published, with lead parts", "2 data", lead_parts=True)
LOG_MEL = Recipe("log-mel", "3 input", lead_parts=True, as_level=True)
COMBINED = Recipe(
    "combined",
    "1-3",
    dropout=0.5,
    weight_decay=5.0,
    lead_parts=True,
    remixes=True,
    as_level=True,
    pooling=4,
)
SMALL_COMBINED = Recipe(
    "combined, small",
    "1-3",
    widths=(4, 8, 8, 8),
    dropout=0.5,
    weight_decay=5.0,
    lead_parts=True,
    remixes=True,
    as_level=True,
    pooling=4,
)
CHECK_STEPS = 400
VISIBLE = Recipe("level left visible", "6 code", as_level=True, target="visible", steps=CHECK_STEPS)
HIDDEN = Recipe("level hidden", "6 code", as_level=True, steps=CHECK_STEPS)
CHECKS: tuple[Recipe, ...] = (VISIBLE, HIDDEN)
"""On synthetic pairs whose level says nothing else: the first must be learned, the second cannot be."""

ABLATIONS: tuple[Recipe, ...] = (
    PUBLISHED,
    Recipe("fewer steps", "1 generalisation"),
    Recipe("small network", "1 generalisation", widths=(4, 8, 8, 8)),
    Recipe("dropout 0.5, weight decay", "1 generalisation", dropout=0.5, weight_decay=5.0),
    ALL_DATA,
    Recipe("remixes", "2 data", remixes=True),
    Recipe("6 s of context", "3 input", pooling=4),
    Recipe("log-mel, vocals only", "3 input", as_level=True),
    Recipe("local loudness", "4 target", target="local"),
    Recipe("min-max scaled", "4 target", target="minmax"),
    Recipe("amplitude", "4 target", target="amplitude"),
    COMBINED,
)
"""Judged with each real vocal left out; all but the first with fewer steps, which is therefore one of them."""

FOR_NEW_AUTHORS: tuple[Recipe, ...] = tuple(
    replace(recipe, steps=MORE_STEPS) for recipe in (ALL_DATA, LOG_MEL, COMBINED, SMALL_COMBINED)
)
"""Judged on authors that were left out, vocals and lead parts; the best of them ships."""
