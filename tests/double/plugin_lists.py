"""ReaComp and ReaVerbate: plug-ins whose parameters REAPER keeps as a list of float32."""

from __future__ import annotations

import struct

from double.plugin_models import Model, Parameter, Show, show_db, show_fixed, show_switch

_MARK = struct.pack("<II", 0xDEADBEEF, 0xDEADF00D)

Row = tuple[str, float, float, Show, str]
"""Name, highest raw value, raw value of a new instance, how it is spelled, unit."""


def _show_ratio(raw: float) -> str:
    return "inf" if raw >= 1.0 else f"{1.0 + 99.0 * raw:.1f}"


def _plain(name: str, raw: float = 0.0) -> Row:
    return name, 1.0, raw, show_fixed(1.0, 2), ""


def _gain(name: str, raw: float) -> Row:
    return name, 2.0, raw, show_db, "dB"


REACOMP_ROWS: tuple[Row, ...] = (
    _gain("Thresh", 1.0),
    ("Ratio", 1.0, 3.0 / 99.0, _show_ratio, ": 1"),
    ("Attack", 1.0, 0.006, show_fixed(500.0, 1), "ms"),
    ("Release", 1.0, 0.02, show_fixed(5000.0, 0), "ms"),
    ("Pre-comp", 1.0, 0.0, show_fixed(250.0, 1), "ms"),
    _plain("resvd"),
    ("Lowpass", 1.0, 1.0, show_fixed(20000.0, 0), "Hz"),
    ("Hipass", 1.0, 0.0, show_fixed(20000.0, 0), "Hz"),
    ("SignIn", 1.0, 0.0, show_fixed(1084.0, 0), ""),
    _plain("AudIn"),
    _gain("Dry", 10.0**-7.5),
    _gain("Wet", 1.0),
    ("Filter preview", 1.0, 0.0, show_switch, ""),
    ("RMS size", 1.0, 0.05, show_fixed(100.0, 1), "ms"),
    ("Knee", 1.0, 0.0, show_fixed(24.0, 1), "dB"),
    ("Auto makeup", 1.0, 0.0, show_switch, ""),
    ("Auto release", 1.0, 0.0, show_switch, ""),
    _plain("resvd", 0.25),
    ("Classic attack", 1.0, 0.0, show_switch, ""),
    _plain("Anti-alias"),
    _plain("resvd"),
)
"""The names from the ninth on are less certain than the numbers."""

REAVERBATE_ROWS: tuple[Row, ...] = (
    _gain("Wet", 0.5),
    _gain("Dry", 1.0),
    ("Room size", 1.0, 0.5, show_fixed(100.0, 0), ""),
    ("Dampening", 1.0, 0.5, show_fixed(100.0, 0), ""),
    ("Stereo width", 1.0, 1.0, show_fixed(2.0, 2, -1.0), ""),
    ("Initial delay", 1.0, 0.0, show_fixed(500.0, 0), "ms"),
    ("Lowpass", 1.0, 1.0, show_fixed(20000.0, 0), "Hz"),
    ("Hipass", 1.0, 0.0, show_fixed(20000.0, 0), "Hz"),
)


class ParameterList(Model):
    """A plug-in with such a state; a newer version's further parameters are kept."""

    is_parameter_list = True
    rows: tuple[Row, ...] = ()

    def new_state(self) -> bytes:
        return _MARK + struct.pack(f"<{len(self.rows)}f", *(row[2] for row in self.rows))

    def parameters(self, state: bytes) -> list[Parameter]:
        raws = _raws(state)
        rows = [*self.rows, *[_plain("resvd")] * (len(raws) - len(self.rows))][: len(raws)]
        return [
            Parameter(name, raw, show, unit, top) for raw, (name, top, _, show, unit) in zip(raws, rows, strict=True)
        ]

    def with_raw(self, state: bytes, index: int, raw: float) -> bytes:
        at = len(_MARK) + 4 * index
        return state[:at] + struct.pack("<f", raw) + state[at + 4 :]


class ReaComp(ParameterList):
    name = "VST: ReaComp (Cockos)"
    file_name = "reacomp.dll"
    code = b"recm"
    n_inputs = 4
    rows = REACOMP_ROWS


class ReaVerbate(ParameterList):
    name = "VST: ReaVerbate (Cockos)"
    file_name = "reaverbate.dll"
    code = b"rvb8"
    rows = REAVERBATE_ROWS


def _raws(state: bytes) -> tuple[float, ...]:
    count, rest = divmod(len(state) - len(_MARK), 4)
    if not state.startswith(_MARK) or rest or not 0 < count <= 64:
        raise ValueError(f"no list of parameters: {state[:8].hex()}, {len(state)} bytes")
    return struct.unpack_from(f"<{count}f", state, len(_MARK))
