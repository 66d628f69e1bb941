"""Plug-ins of ours that a mixer puts on tracks, and the one reverb bus that all mixers share."""

from __future__ import annotations

from reaper_automix.effect_settings.kinds import EffectSettings, effect_of
from reaper_automix.mixplan import EffectMove, TrackRef
from reaper_automix.plugins.registry import playable, plugin_for
from reaper_automix.session import TAG_PREFIX

BUS = "Automix reverb"
SEND_DB = (-60.0, 6.0)
"""What a send to it may be: below, nobody hears it."""


def tag_of(settings: EffectSettings) -> str:
    """Return the name that an instance gets."""
    return f"{TAG_PREFIX}{effect_of(settings)}"


class Inserts:
    """Chooses plug-ins and brings settings within their reach; what could not be had is kept, each sentence once.

    Parameters
    ----------
    suite : str
        Of ``plugins.registry.SUITES``.
    sample_rate_hz : int
        Of the session.
    """

    def __init__(self, suite: str, sample_rate_hz: int) -> None:
        self.warnings: list[str] = []
        self._suite = suite
        self._rate_hz = sample_rate_hz

    def plugin(self, effect: str, n_channels: int) -> str:
        """Return the plug-in for an effect on material of so many channels."""
        plugin, why = plugin_for(effect, self._suite, n_channels)
        if why:
            self.warn(f"{why}.")
        return plugin

    def nearest(self, plugin: str, settings: EffectSettings) -> EffectSettings:
        """Return what the plug-in can hold of settings, without a word."""
        return playable(plugin, settings, self._rate_hz)[0]

    def held(self, plugin: str, settings: EffectSettings) -> EffectSettings:
        """Return what the plug-in can hold of settings, and say what it cannot."""
        held, said = playable(plugin, settings, self._rate_hz)
        for one in said:
            self.warn(f"{one.rstrip('.')}.")
        return held

    def move(self, track: TrackRef, plugin: str, settings: EffectSettings, reason: str) -> EffectMove:
        """Return the move that sets these settings, as far as the plug-in can hold them."""
        held = self.held(plugin, settings)
        return EffectMove(track, plugin, tag_of(held), held, reason=reason)

    def warn(self, sentence: str) -> None:
        """Keep a sentence for the engineer."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)
