"""The plug-ins of ours on one track, played one after the other on audio that arrives in blocks.

A mono signal stays mono until something makes it stereo: an effect (a reverb), or a stereo block. From then on it is
stereo, as if it had been so from the start. A rack whose input is silent and whose tails have died away rests: silence
costs nothing, and what comes next starts from nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effects import equaliser
from reaper_automix.effects.blocks import Audio
from reaper_automix.effects.compressor import Compressor
from reaper_automix.effects.equaliser import Equaliser
from reaper_automix.effects.network_reverb import NetworkReverb
from reaper_automix.effects.reverb import Reverb
from reaper_automix.plugins import fdnreverb
from reaper_automix.session import FxSlot

_DIED_AWAY_DB = 100.0
"""What is so far below its start is over: ``tail_s`` and ``memory_s`` end there."""
_RESTS_AFTER = 2.0
"""A rack rests after so many times its memory (200 dB down: below the last bit of a float32) ..."""
_SILENCE_LIN = 1e-9
"""... and with an output below -180 dBFS."""
_SLOWEST_DECAY = 1.25
"""Decays are set for the middle frequencies, within 15 %; the lowest ones last longer."""
_REVERB_STARTS_S = 0.1
"""More than any reverb here takes from the end of its initial delay to its first reflections."""


_BY_KIND: dict[type, Any] = {EqualiserSettings: Equaliser, CompressorSettings: Compressor, ReverbSettings: Reverb}
_BY_PLUGIN: dict[str, Any] = {fdnreverb.NAME: NetworkReverb}
"""Plug-ins that sound otherwise than the rest of their kind, by a part of their name."""


def processor_of(slot: FxSlot) -> Any:
    """Return the class that plays a plug-in of ours; ``ValueError`` for one that is not."""
    if slot.settings is None:
        raise ValueError(f"{slot.name}: nothing is known of what it is set to, so it cannot be played")
    special = (kind for name, kind in _BY_PLUGIN.items() if name in slot.name)
    return next(special, None) or _BY_KIND[type(slot.settings)]


class Rack:
    """Plays plug-ins in their order; the sizes of the blocks do not change the result.

    Parameters
    ----------
    slots : sequence of FxSlot
        With settings: ``Track.effects_played()``; ``ValueError`` for others.
    sample_rate_hz : int
        8 to 384 kHz, or ``ValueError`` at the first block.
    """

    def __init__(self, slots: Sequence[FxSlot], sample_rate_hz: int) -> None:
        self._slots = tuple(slots)
        self._kinds = [processor_of(slot) for slot in slots]
        self._rate_hz = sample_rate_hz
        self._processors: list[Any] = []
        self._n_channels = 1
        self._n_silent = 0

    @property
    def is_empty(self) -> bool:
        """Whether it is a wire."""
        return not self._slots

    @property
    def is_linear(self) -> bool:
        """Whether a louder input is the same output louder: no compressor."""
        return not any(isinstance(slot.settings, CompressorSettings) for slot in self._slots)

    @property
    def makes_stereo(self) -> bool:
        """Whether a mono input leaves it in stereo."""
        return any(isinstance(slot.settings, ReverbSettings) for slot in self._slots)

    @property
    def is_resting(self) -> bool:
        """Whether it would play nothing now if its input went on silent."""
        return not self._processors

    @cached_property
    def tail_s(self) -> float:
        """How long it sounds on after its input stops, until it is 100 dB down."""
        return sum(_tail_s(slot, self._rate_hz) for slot in self._slots)

    @cached_property
    def memory_s(self) -> float:
        """How much of what came before decides what is heard: ``tail_s``, and what compressors remember."""
        return self.tail_s + sum(_memory_s(slot) for slot in self._slots)

    @property
    def notes(self) -> tuple[str, ...]:
        """What cannot be played at this rate as it is written, in words."""
        settings = [slot.settings for slot in self._slots if isinstance(slot.settings, EqualiserSettings)]
        return tuple(note for each in settings for note in equaliser.notes(each, self._rate_hz))

    def at_rest(self) -> Rack:
        """Return the same rack, which has heard nothing yet."""
        return Rack(self._slots, self._rate_hz)

    def process(self, block: Audio) -> Audio:
        """Return the next samples after all plug-ins.

        Parameters
        ----------
        block : ndarray of float32, shape (1 or 2, n_samples)
            Full scale is 1. Not modified. For the tail go on with zeros.

        Returns
        -------
        ndarray of float32, shape (1 or 2, n_samples)
            No latency. An empty rack returns the block itself.

        Raises
        ------
        MediaError
            If a sample is not a finite number.
        """
        if self.is_empty:
            return block
        is_silent = not block.any()
        if is_silent and self.is_resting:
            return np.zeros((2 if self.makes_stereo else len(block), block.shape[1]), np.float32)
        self._get_ready(len(block))
        played = block if len(block) == self._n_channels else np.repeat(block, 2, axis=0)
        for processor in self._processors:
            played = processor.process(played)
        self._rest_if_over(is_silent, played)
        return played

    def _get_ready(self, n_channels: int) -> None:
        """Make the processors, or widen them where the first stereo block arrives."""
        if self.is_resting:
            self._n_channels = n_channels
            self._processors = self._made(n_channels)
        elif n_channels > self._n_channels:
            self._n_channels = n_channels
            wide = self._made(n_channels)
            for mono, stereo in zip(self._processors, wide, strict=True):
                _go_on_from(mono, stereo)
            self._processors = wide

    def _made(self, n_channels: int) -> list[Any]:
        processors = []
        for slot, kind in zip(self._slots, self._kinds, strict=True):
            processors.append(kind(slot.settings, self._rate_hz, n_channels))
            n_channels = 2 if isinstance(slot.settings, ReverbSettings) else n_channels
        return processors

    def _rest_if_over(self, is_silent: bool, played: Audio) -> None:
        self._n_silent = self._n_silent + played.shape[1] if is_silent else 0
        if self._n_silent < _RESTS_AFTER * self.memory_s * self._rate_hz or not is_silent:
            return
        if played.size and np.max(np.abs(played)) < _SILENCE_LIN:
            self._processors = []
            self._n_silent = 0


def _tail_s(slot: FxSlot, sample_rate_hz: int) -> float:
    settings = slot.settings
    if isinstance(settings, ReverbSettings):
        decay_s = _SLOWEST_DECAY * settings.decay_s * _DIED_AWAY_DB / 60.0
        return settings.initial_delay_ms / 1_000.0 + _REVERB_STARTS_S + decay_s
    if isinstance(settings, EqualiserSettings):
        return sum(_ringing_s(section, sample_rate_hz) for section in equaliser.sections(settings, sample_rate_hz))
    return 0.0


def _ringing_s(section: NDArray[np.float64], sample_rate_hz: int) -> float:
    """Return how long a second-order section rings: its slower pole decides."""
    radius = float(np.max(np.abs(np.roots(section[3:]))))
    if radius <= 0.0:
        return 0.0
    return math.log(10.0) * _DIED_AWAY_DB / 20.0 / (-math.log(min(radius, 1.0 - 1e-9)) * sample_rate_hz)


def _memory_s(slot: FxSlot) -> float:
    """Return how long a compressor's detector and gain remember; both fall to 63 % per time constant."""
    settings = slot.settings
    if not isinstance(settings, CompressorSettings):
        return 0.0
    n_constants = math.log(10.0) * _DIED_AWAY_DB / 20.0
    slower_ms = max(settings.attack_ms, settings.release_ms)
    return n_constants * (2.0 * settings.rms_size_ms + slower_ms) / 1_000.0  # the detector smooths the square


def _go_on_from(mono: Any, stereo: Any) -> None:
    """Let a fresh stereo processor go on where a mono one is: what it holds per channel is now there twice."""
    for name, value in vars(mono).items():
        fresh = getattr(stereo, name)
        if name == "n_channels":  # where fresh, the other one's is right
            continue
        if isinstance(value, np.ndarray):
            doubled = [i for i, sizes in enumerate(zip(value.shape, fresh.shape, strict=True)) if sizes == (1, 2)]
            value = np.repeat(value, 2, axis=doubled[0]) if doubled else value
        if hasattr(value, "__dict__"):
            _go_on_from(value, fresh)
        else:
            setattr(stereo, name, value)
