"""The gains of one track of the console: what fader, envelopes, VCA leaders, pan and mute come to at any moment.

Assumptions about REAPER, beyond those of ``panning``:

* In trim/read the fader multiplies the Volume envelope, and the pan knob is added to the pan envelope (the sum is held
  within -1..+1). In any other mode a playing envelope replaces its control. Under a global bypass no envelope plays.
  Trim Volume multiplies in every mode but bypass; a mute envelope mutes in every mode but bypass.
* A VCA leader adds its fader and Volume envelope, and those of its own leaders, in dB to every follower; its mute,
  pan and Trim Volume do not travel. A track that leads a group it follows, directly or in a circle, is counted once.
* Width and the second pan of dual pan are not automated.
* A send's volume envelope obeys the mode of the sending track; sends pan as a balance at 0 dB.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reaper_automix.audio.curves import Clock, Curve, Gain, curve_of, product
from reaper_automix.audio.panning import UNITY, Matrix, chain, pan_matrix, scaled
from reaper_automix.audio.takes import as_gate
from reaper_automix.session import AutomationMode, Envelope, EnvelopeKind, Master, Send, Session, Track
from reaper_automix.units import db_to_lin


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A constant gain, curves that multiply it, and curves that gate it."""

    gain_lin: float
    curves: tuple[Curve, ...] = ()
    gates: tuple[Curve, ...] = ()

    def at(self, clock: Clock) -> Gain:
        """Return the linear gain at these moments."""
        gain: Gain = self.gain_lin
        for curve in self.curves:
            gain = product(gain, clock.follow(curve))
        for curve in self.gates:
            gain = product(gain, as_gate(clock.follow(curve)))
        return gain

    @property
    def is_closed(self) -> bool:
        """Whether it can never let anything through."""
        return self.gain_lin == 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Pan:
    """A pan control with its envelope, if one plays; ``adds`` says whether the knob is added to the envelope."""

    pan: float
    mode: int
    law_db: float
    width: float = 1.0
    pan_right: float = 1.0
    curve: Curve | None = None
    adds: bool = False

    def at(self, clock: Clock) -> Matrix:
        """Return the gains from the track's two channels to the two speakers."""
        pan: Gain = self.pan
        if self.curve is not None:
            moved = clock.follow(self.curve)
            pan = np.clip(moved + self.pan, -1.0, 1.0) if self.adds else moved
        pan = pan if isinstance(pan, np.ndarray) else float(pan)
        return pan_matrix(pan, mode=self.mode, law_db=self.law_db, width=self.width, pan_right=self.pan_right)


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One track: its input stage (polarity, pre-FX envelopes) and its output stage (fader to mute)."""

    input_level: Level
    input_pan: Pan | None
    levels: tuple[Level, ...]
    pan: Pan

    def input_at(self, clock: Clock) -> Matrix:
        """Return the gains before the effects."""
        placed = UNITY if self.input_pan is None else self.input_pan.at(clock)
        return scaled(placed, self.input_level.at(clock))

    def output_at(self, clock: Clock) -> Matrix:
        """Return the gains after the effects: fader, envelopes, VCA, mute, pan."""
        matrix = self.pan.at(clock)
        for level in self.levels:
            matrix = scaled(matrix, level.at(clock))
        return matrix

    @property
    def is_closed(self) -> bool:
        """Whether nothing can pass the fader."""
        return any(level.is_closed for level in self.levels)


def strip_of(session: Session, track: Track) -> Strip:
    """Return the gains of a track (its static mute and the solos are a matter of routing)."""
    mode = session.mode_of(track)
    sign = -1.0 if track.polarity_inverted else 1.0
    pre = _playing(track.envelopes, EnvelopeKind.VOLUME_PRE_FX, mode)
    pre_pan = _playing(track.envelopes, EnvelopeKind.PAN_PRE_FX, mode)
    return Strip(
        input_level=Level(sign, _some(pre)),
        input_pan=None if pre_pan is None else Pan(0.0, 3, 0.0, curve=pre_pan),
        levels=(_fader(track.gain_db, track.envelopes, mode), *_vca_levels(session, track)),
        pan=Pan(
            track.pan,
            session.pan_mode if track.pan_mode is None else track.pan_mode,
            session.pan_law_db if track.pan_law_db is None else track.pan_law_db,
            track.width,
            track.pan_right,
            _playing(track.envelopes, EnvelopeKind.PAN, mode),
            mode == AutomationMode.TRIM_READ,
        ),
    )


class MasterStrip:
    """The master track's gains. Its pan is a balance at 0 dB; mono is the mean of both sides in both."""

    def __init__(self, session: Session) -> None:
        master: Master = session.master
        override = session.automation_override
        mode = master.automation_mode if override is None else override
        self._level = _fader(master.gain_db, master.envelopes, mode)
        curve = _playing(master.envelopes, EnvelopeKind.PAN, mode)
        self._pan = Pan(master.pan, 3, 0.0, curve=curve, adds=mode == AutomationMode.TRIM_READ)
        self._mono = master.mono
        self.muted = master.muted

    def at(self, clock: Clock) -> Matrix:
        """Return the gains from the sum of the tracks to the speakers."""
        matrix = scaled(self._pan.at(clock), 0.0 if self.muted else self._level.at(clock))
        return chain((0.5, 0.5, 0.5, 0.5), matrix) if self._mono else matrix


class SendStrip:
    """The gains of a send, from the sender's two channels to the receiver's."""

    def __init__(self, send: Send, mode: AutomationMode) -> None:
        sign = -1.0 if send.polarity_inverted else 1.0
        level = _fader(send.gain_db, send.envelopes, mode)
        self._level = Level(sign * level.gain_lin, level.curves, level.gates)
        curve = _playing(send.envelopes, EnvelopeKind.PAN, mode)
        self._pan = Pan(send.pan, 3, 0.0, curve=curve, adds=mode == AutomationMode.TRIM_READ)
        self._in = _send_input(send)
        self._out = _send_output(send)
        self.is_closed = self._level.is_closed or not any(self._in)

    def at(self, clock: Clock) -> Matrix:
        """Return the gains of the send."""
        placed = scaled(self._pan.at(clock), self._level.at(clock))
        return chain(self._out, chain(placed, self._in))


def _send_input(send: Send) -> Matrix:
    """Pick the sender's channels; those beyond the first two hold nothing here."""
    first = send.source_channel
    if send.source_mono:
        taken = (1.0 if first == 0 else 0.0, 1.0 if first == 1 else 0.0)
        return (*taken, *taken)
    picked: Matrix = UNITY if first == 0 else ((0.0, 1.0, 0.0, 0.0) if first == 1 else (0.0, 0.0, 0.0, 0.0))
    return chain((0.5, 0.5, 0.5, 0.5), picked) if send.mono else picked


def _send_output(send: Send) -> Matrix:
    if send.target_mono:
        return (0.5, 0.5, 0.0, 0.0) if send.target_channel == 0 else (0.0, 0.0, 0.5, 0.5)
    return UNITY if send.target_channel == 0 else (0.0, 0.0, 1.0, 0.0)


def _fader(gain_db: float, envelopes: Iterable[Envelope], mode: AutomationMode) -> Level:
    envelopes = tuple(envelopes)
    volume = _playing(envelopes, EnvelopeKind.VOLUME, mode)
    trim = _playing(envelopes, EnvelopeKind.TRIM_VOLUME, mode)
    mute = _playing(envelopes, EnvelopeKind.MUTE, mode)
    replaced = volume is not None and mode != AutomationMode.TRIM_READ
    return Level(1.0 if replaced else db_to_lin(gain_db), (*_some(volume), *_some(trim)), _some(mute))


def _vca_levels(session: Session, track: Track) -> list[Level]:
    """Return the levels of the leaders, nearest first, each once."""
    levels, seen, waiting = [], {track.id}, [track]
    while waiting:
        follower = waiting.pop(0)
        for leader in session.tracks:
            if leader.id in seen or not leader.vca_leads & follower.vca_follows:
                continue
            seen.add(leader.id)
            waiting.append(leader)
            volume = tuple(e for e in leader.envelopes if e.kind == EnvelopeKind.VOLUME)
            levels.append(_fader(leader.gain_db, volume, session.mode_of(leader)))
    return levels


def _playing(envelopes: Iterable[Envelope], kind: EnvelopeKind, mode: AutomationMode) -> Curve | None:
    if mode == AutomationMode.BYPASS:
        return None
    return curve_of(next((e for e in envelopes if e.kind == kind), None))


def _some(curve: Curve | None) -> tuple[Curve, ...]:
    return () if curve is None else (curve,)
