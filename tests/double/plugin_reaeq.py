"""ReaEQ: bands of (type, enabled, Hz, linear gain, octaves) as its state lays them out, and its parameters."""

from __future__ import annotations

import math
import struct

from double.plugin_models import Model, Parameter, show_db

_VERSION = 33
_BAND = struct.Struct("<iidddB")
_AFTER = struct.Struct("<iid")
_TAIL = struct.pack("<iiii", 0, 509, 348, 2)
_KINDS = {
    0: "Low Shelf",
    1: "High Shelf",
    2: "Band",
    3: "Low Pass",
    4: "High Pass",
    5: "All Pass",
    6: "Notch",
    7: "Band Pass",
    8: "Band",
    9: "Band",
}
_NEW = ((0, 1, 100.0), (8, 1, 300.0), (8, 1, 1000.0), (1, 1, 5000.0), (4, 0, 100.0))
"""Bands of a new instance: type, enabled, Hz."""
_GAIN_TOP = 4.0
_LOWEST_OCT, _HIGHEST_OCT = 0.01, 4.0

Band = tuple[int, int, float, float, float, int]


class ReaEq(Model):
    name = "VST: ReaEQ (Cockos)"
    file_name = "reaeq.dll"
    code = b"reeq"

    def new_state(self) -> bytes:
        bands = [(kind, on, hz, 1.0, 2.0, 1) for kind, on, hz in _NEW[: self.plugins.reaeq_bands]]
        return _packed(bands, _AFTER.pack(1, 1, 1.0) + _TAIL)

    def parameters(self, state: bytes) -> list[Parameter]:
        bands, after = _unpacked(state)
        found: list[Parameter] = []
        for n, (kind, _, hz, gain_lin, octaves, _) in enumerate(bands, 1):
            title = f"{_KINDS[kind]} {n}" if n > 1 else _KINDS[kind]
            found += [
                Parameter(f"Freq-{title}", _from_hz(hz), lambda x: f"{_to_hz(x):.1f}", "Hz"),
                Parameter(f"Gain-{title}", _from_gain(gain_lin), _show_gain, "dB"),
                Parameter(f"Q-{title}", self._from_octaves(octaves), lambda x: f"{self._to_octaves(x):.2f}", "oct"),
            ]
        return [*found, Parameter("Global Gain", _from_gain(_AFTER.unpack_from(after)[2]), _show_gain, "dB")]

    def with_raw(self, state: bytes, index: int, raw: float) -> bytes:
        bands, after = _unpacked(state)
        number, place = divmod(index, 3)
        if number == len(bands):
            return _packed(bands, _AFTER.pack(*_AFTER.unpack_from(after)[:2], _GAIN_TOP * raw) + after[_AFTER.size :])
        value = (_to_hz, lambda x: _GAIN_TOP * x, self._to_octaves)[place](raw)
        return _packed(_changed(bands, number, 2 + place, value), after)

    def config(self, state: bytes, name: str) -> str | None:
        bands, _ = _unpacked(state)
        place, number = _config_place(name)
        return str(int(bands[number][place])) if 0 <= number < len(bands) else None

    def with_config(self, state: bytes, name: str, value: str) -> bytes | None:
        bands, after = _unpacked(state)
        place, number = _config_place(name)
        if not 0 <= number < len(bands) or not value.isdigit() or int(value) not in (_KINDS if place == 0 else (0, 1)):
            return None
        return _packed(_changed(bands, number, place, int(value)), after)

    def _to_octaves(self, x: float) -> float:
        if self.plugins.bandwidth_is_logarithmic:
            return _LOWEST_OCT * (_HIGHEST_OCT / _LOWEST_OCT) ** x
        return max(_HIGHEST_OCT * x, _LOWEST_OCT)

    def _from_octaves(self, octaves: float) -> float:
        if self.plugins.bandwidth_is_logarithmic:
            x = math.log(max(octaves, _LOWEST_OCT) / _LOWEST_OCT) / math.log(_HIGHEST_OCT / _LOWEST_OCT)
        else:
            x = octaves / _HIGHEST_OCT
        return min(x, 1.0)


def _to_hz(x: float) -> float:
    return 20.0 + 23980.0 * (401.0**x - 1.0) / 400.0


def _from_hz(hz: float) -> float:
    return math.log(1.0 + 400.0 * (min(max(hz, 20.0), 24000.0) - 20.0) / 23980.0) / math.log(401.0)


def _from_gain(gain_lin: float) -> float:
    return min(gain_lin / _GAIN_TOP, 1.0)


def _show_gain(x: float) -> str:
    return show_db(_GAIN_TOP * x)


def _config_place(name: str) -> tuple[int, int]:
    """Return which field of a band a name means, and the band's index; -1 where it means none."""
    for place, prefix in enumerate(("BANDTYPE", "BANDENABLED")):
        digits = name.removeprefix(prefix)
        if digits != name and digits.isdigit():
            return place, int(digits)
    return 0, -1


def _changed(bands: list[Band], number: int, place: int, value: float) -> list[Band]:
    band = bands[number]
    return [*bands[:number], (*band[:place], value, *band[place + 1 :]), *bands[number + 1 :]]  # type: ignore[list-item]


def _packed(bands: list[Band], after: bytes) -> bytes:
    return struct.pack("<ii", _VERSION, len(bands)) + b"".join(_BAND.pack(*band) for band in bands) + after


def _unpacked(state: bytes) -> tuple[list[Band], bytes]:
    """Return the bands, and what stands behind them."""
    version, count = struct.unpack_from("<ii", state)
    end = 8 + count * _BAND.size
    if version != _VERSION or not 0 <= count <= 64 or len(state) < end + _AFTER.size:
        raise ValueError(f"no state of a ReaEQ: version {version}, {count} bands, {len(state)} bytes")
    bands: list[Band] = list(_BAND.iter_unpack(state[8:end]))
    if not all(band[0] in _KINDS for band in bands):
        raise ValueError("a band of a kind that no ReaEQ has")
    return bands, state[end:]
