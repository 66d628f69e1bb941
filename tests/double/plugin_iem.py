"""Three plug-ins of the IEM suite, with the ranges, steps and texts that the real ones show.

Their state is XML of real values behind eight bytes, as plug-ins made with JUCE keep it. How REAPER lists them, and
their numbers in files, are not certain. They cannot spell a value that they do not have.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass

from double.plugin_models import Model, Parameter, Show

_MAGIC = 0x21324356
_VALUE = re.compile(r'<PARAM id="([^"]*)" value="([^"]*)"/>')


@dataclass(frozen=True)
class Knob:
    """A parameter: its id, its name, its range, its value in a new instance, how it is spelled."""

    id: str
    name: str
    low: float
    high: float
    step: float
    new: float
    show: Show
    unit: str = ""
    skew: float = 1.0

    def normalised(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0) ** self.skew

    def value(self, normalised: float) -> float:
        """Return the value of a normalised one, at a whole step."""
        value = self.low + (self.high - self.low) * min(max(normalised, 0.0), 1.0) ** (1.0 / self.skew)
        return min(self.low + self.step * math.floor((value - self.low) / self.step + 0.5), self.high)


def _fixed(decimals: int) -> Show:
    return lambda value: f"{value + 0.0:.{decimals}f}"


def _words(*names: str) -> Show:
    return lambda value: names[round(value)]


def _switch(id: str, name: str, new: float, off: str, on: str) -> Knob:
    return Knob(id, name, 0.0, 1.0, 1.0, new, _words(off, on))


_ORDERS = ("Auto", "0th", "1st", "2nd", "3rd", "4th", "5th", "6th", "7th")

OMNI_COMPRESSOR = (
    Knob("orderSetting", "Ambisonics Order", 0.0, 8.0, 1.0, 0.0, _words(*_ORDERS)),
    _switch("useSN3D", "Normalization", 1.0, "N3D", "SN3D"),
    Knob("threshold", "Threshold", -50.0, 10.0, 0.1, -10.0, _fixed(1), "dB"),
    Knob("knee", "Knee", 0.0, 30.0, 0.1, 0.0, _fixed(1), "dB"),
    Knob("attack", "Attack Time", 0.0, 100.0, 0.1, 30.0, _fixed(1), "ms"),
    Knob("release", "Release Time", 0.0, 500.0, 0.1, 150.0, _fixed(1), "ms"),
    Knob("ratio", "Ratio", 1.0, 16.0, 0.2, 4.0, lambda x: "inf" if x > 15.9 else f"{x:.1f}", ": 1"),
    Knob("outGain", "MakeUp Gain", -10.0, 20.0, 0.1, 0.0, _fixed(1), "dB"),
    _switch("lookAhead", "LookAhead", 0.0, "OFF", "ON (5ms)"),
    _switch("reportLatency", "Report Latency to DAW", 1.0, "No", "Yes"),
)

FDN_REVERB = (
    Knob("delayLength", "Room Size", 1.0, 30.0, 1.0, 20.0, _fixed(0)),
    Knob("revTime", "Reverberation Time", 0.1, 9.0, 0.1, 5.0, _fixed(1), "s"),
    Knob("lowCutoff", "Lows Cutoff Frequency", 20.0, 20000.0, 1.0, 100.0, _fixed(0), "Hz", 0.2),
    Knob("lowQ", "Lows Q Factor", 0.01, 0.9, 0.01, 0.5, _fixed(2)),
    Knob("lowGain", "Lows Gain", -80.0, 6.0, 0.1, 1.0, _fixed(1), "dB/s"),
    Knob("highCutoff", "Highs Cutoff Frequency", 20.0, 20000.0, 1.0, 2000.0, _fixed(0), "Hz", 0.2),
    Knob("highQ", "Highs Q Factor", 0.01, 0.9, 0.01, 0.5, _fixed(2)),
    Knob("highGain", "Highs Gain", -80.0, 4.0, 0.1, -10.0, _fixed(1), "dB/s"),
    Knob("dryWet", "Dry/Wet", 0.0, 1.0, 0.01, 0.5, _fixed(2)),
    Knob("fadeInTime", "Fade-in Time", 0.0, 9.0, 0.01, 0.0, _fixed(2), "s"),
    Knob("fdnSize", "Fdn Size (internal)", 0.0, 2.0, 1.0, 2.0, _words("16", "32", "64")),
)

_FIRST_TYPES = ("HP (6dB/oct)", "HP (12dB/oct)", "HP (24dB/oct)", "Low-shelf")
_MIDDLE_TYPES = ("Low-shelf", "Peak", "High-shelf")
_LAST_TYPES = ("LP (6dB/Oct)", "LP (12dB/oct)", "LP (24dB/oct)", "High-shelf")
_BANDS = (
    (_FIRST_TYPES, 1.0, 20.0),
    *((_MIDDLE_TYPES, 1.0, hz) for hz in (120.0, 500.0, 2200.0, 8000.0)),
    (_LAST_TYPES, 3.0, 16000.0),
)


def _multi_eq() -> tuple[Knob, ...]:
    knobs = [
        Knob(
            "inputChannelsSetting",
            "Number of input channels",
            *(0.0, 64.0, 1.0, 0.0),
            lambda x: f"{x:.0f}" if x >= 0.5 else "Auto",
        )
    ]
    for n, (types, kind, hz) in enumerate(_BANDS):
        knobs += [
            _switch(f"filterEnabled{n}", f"Filter Enablement {n + 1}", 1.0, "OFF", "ON"),
            Knob(f"filterType{n}", f"Filter Type {n + 1}", 0.0, len(types) - 1.0, 1.0, kind, _words(*types)),
            Knob(f"filterFrequency{n}", f"Filter Frequency {n + 1}", 20.0, 20000.0, 1.0, hz, _fixed(0), "Hz", 0.4),
            Knob(f"filterQ{n}", f"Filter Q {n + 1}", 0.05, 8.0, 0.05, 0.7, _fixed(2)),
            Knob(f"filterGain{n}", f"Filter Gain {n + 1}", -60.0, 15.0, 0.1, 0.0, _fixed(1), "dB"),
        ]
    return tuple(knobs)


class IemPlugin(Model):
    """A plug-in of the suite."""

    n_inputs, n_outputs = 64, 64
    spells_any_value = False
    knobs: tuple[Knob, ...] = ()

    def new_state(self) -> bytes:
        return self._packed([knob.new for knob in self.knobs])

    def parameters(self, state: bytes) -> list[Parameter]:
        def spelled(knob: Knob) -> Show:
            return lambda raw: knob.show(knob.value(raw))

        values = self._values(state)
        return [
            Parameter(knob.name, knob.normalised(value), spelled(knob), knob.unit)
            for knob, value in zip(self.knobs, values, strict=True)
        ]

    def with_raw(self, state: bytes, index: int, raw: float) -> bytes:
        values = self._values(state)
        values[index] = self.knobs[index].value(raw)
        return self._packed(values)

    def _packed(self, values: list[float]) -> bytes:
        tag = self.short_names[-1]
        rows = (f'<PARAM id="{k.id}" value="{value!r}"/>' for k, value in zip(self.knobs, values, strict=True))
        text = f'<?xml version="1.0" encoding="UTF-8"?> <{tag} OSCPort="-1">{"".join(rows)}</{tag}>'.encode()
        return struct.pack("<II", _MAGIC, len(text)) + text + b"\0"

    def _values(self, state: bytes) -> list[float]:
        magic, size = struct.unpack_from("<II", state)
        if magic != _MAGIC or len(state) < 8 + size:
            raise ValueError("no state of a plug-in made with JUCE")
        text = state[8 : 8 + size].decode("utf-8")
        if f"<{self.short_names[-1]} " not in text:
            raise ValueError(f"no state of a {self.short_names[-1]}")
        found = dict(_VALUE.findall(text))
        return [float(found.get(knob.id, knob.new)) for knob in self.knobs]


class MultiEq(IemPlugin):
    name = "VST: MultiEQ (IEM) (64ch)"
    file_name = "libMultiEQ.so"
    code = b"MuEQ"
    knobs = _multi_eq()


class OmniCompressor(IemPlugin):
    name = "VST: OmniCompressor (IEM) (64ch)"
    file_name = "libOmniCompressor.so"
    code = b"OmCo"
    knobs = OMNI_COMPRESSOR


class FdnReverb(IemPlugin):
    name = "VST: FdnReverb (IEM) (64ch)"
    file_name = "libFdnReverb.so"
    code = b"FdnR"
    knobs = FDN_REVERB
