"""ReaEQ's bands in Hz, dB and octaves, from its block in a project file and back. Stdlib only."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import IntEnum

from reaper_automix.chunks.reaplug_blocks import HIGHEST_DB, REAEQ, ReaplugBlock, checked_number, damaged, new_block
from reaper_automix.units import SILENCE_DB, bandwidth_oct_to_q, db_to_lin, lin_to_db, q_to_bandwidth_oct

LOWEST_HZ = 20.0
HIGHEST_HZ = 24_000.0
"""The range of a frequency parameter."""

_FREQUENCY_BASE = 401.0
_GAIN_TOP_LIN = 4.0
_BANDWIDTH_TOP_OCT = 4.0
_VERSION = 33
_BEGIN = struct.Struct("<ii")
_BAND = struct.Struct("<iidddB")
_END = struct.Struct("<iid")
_NEW_END = (1, 1)
_NEW_TAIL = struct.pack("<iiii", 0, 509, 348, 2)
"""What stands after the global gain: the size of the plug-in's window, and numbers that are not understood."""


class BandKind(IntEnum):
    """What a band does, with the number that stands for it in files and in the configuration ``BANDTYPE``.

    Seen in REAPER's files: both shelves, both passes and ``BAND``; the others by hearsay.
    """

    LOW_SHELF = 0
    HIGH_SHELF = 1
    BAND_2 = 2
    LOW_PASS = 3
    HIGH_PASS = 4
    ALL_PASS = 5
    NOTCH = 6
    BAND_PASS = 7
    BAND = 8
    BAND_9 = 9


SET_EQ_PARAM_KINDS = {
    BandKind.HIGH_PASS: 0,
    BandKind.LOW_SHELF: 1,
    BandKind.BAND: 2,
    BandKind.NOTCH: 3,
    BandKind.HIGH_SHELF: 4,
    BandKind.LOW_PASS: 5,
    BandKind.BAND_PASS: 6,
}
"""The other numbers, by which ``TrackFX_SetEQParam`` calls them."""


@dataclass(frozen=True, slots=True)
class EqBand:
    """One band.

    Parameters
    ----------
    kind : BandKind
        What it does.
    frequency_hz : float
        Its centre or corner.
    gain_db : float
        At the centre or on the shelf; passes keep one, without effect.
    bandwidth_oct : float
        Its width in octaves; ``q`` tells the same as a quality.
    enabled : bool
        Whether it is heard.
    """

    kind: BandKind
    frequency_hz: float
    gain_db: float = 0.0
    bandwidth_oct: float = 2.0
    enabled: bool = True

    @property
    def q(self) -> float:
        """The quality of the band."""
        return bandwidth_to_q(self.bandwidth_oct)


@dataclass(frozen=True, slots=True)
class EqSettings:
    """The bands of a ReaEQ, in its own order, and the gain after them."""

    bands: tuple[EqBand, ...] = ()
    gain_db: float = 0.0


def bandwidth_to_q(bandwidth_oct: float) -> float:
    """Return the quality of a band this wide, by the analogue formula ``1 / (2 sinh(ln 2 / 2 * bandwidth))``.

    Raises
    ------
    ValueError
        If the width is not above 0.
    """
    _above_zero("a bandwidth in octaves", bandwidth_oct)
    return bandwidth_oct_to_q(bandwidth_oct)


def q_to_bandwidth(q: float) -> float:
    """Return how many octaves wide a band of this quality is.

    Raises
    ------
    ValueError
        If the quality is not above 0.
    """
    _above_zero("a quality Q", q)
    return q_to_bandwidth_oct(q)


def frequency_to_normalised(frequency_hz: float) -> float:
    """Return the run-time value, 0..1, of a frequency.

    Raises
    ------
    ValueError
        If the frequency is outside of 20 Hz..24 kHz.
    """
    if not LOWEST_HZ <= frequency_hz <= HIGHEST_HZ:
        msg = f"{frequency_hz:g} Hz: ReaEQ takes {LOWEST_HZ:g}..{HIGHEST_HZ:g} Hz. Choose a frequency within it."
        raise ValueError(msg)
    part = (frequency_hz - LOWEST_HZ) / (HIGHEST_HZ - LOWEST_HZ)
    return math.log1p((_FREQUENCY_BASE - 1.0) * part) / math.log(_FREQUENCY_BASE)


def normalised_to_frequency(value: float) -> float:
    """Return the frequency in Hz of a run-time value, 0..1."""
    part = math.expm1(value * math.log(_FREQUENCY_BASE)) / (_FREQUENCY_BASE - 1.0)
    return LOWEST_HZ + (HIGHEST_HZ - LOWEST_HZ) * part


def gain_to_normalised(gain_db: float) -> float:
    """Return the run-time value, 0..1, of a gain: the linear gain as a part of 4.

    Raises
    ------
    ValueError
        If the gain is above +12.04 dB.
    """
    part = db_to_lin(gain_db) / _GAIN_TOP_LIN
    if not part <= 1.0:
        msg = f"{gain_db:g} dB: ReaEQ's gain ends at {lin_to_db(_GAIN_TOP_LIN):.2f} dB. Choose a lower one."
        raise ValueError(msg)
    return part


def normalised_to_gain(value: float) -> float:
    """Return the gain in dB of a run-time value, 0..1."""
    return lin_to_db(_GAIN_TOP_LIN * value)


def bandwidth_to_normalised(bandwidth_oct: float) -> float:
    """Return the run-time value, 0..1, of a bandwidth.

    That it is a part of four octaves is plausible, not known: at run time compare it with the value that REAPER shows.

    Raises
    ------
    ValueError
        If the bandwidth is not within 0..4 octaves.
    """
    if not 0.0 < bandwidth_oct <= _BANDWIDTH_TOP_OCT:
        msg = f"{bandwidth_oct:g} octaves: ReaEQ takes up to {_BANDWIDTH_TOP_OCT:g}. Choose a bandwidth within it."
        raise ValueError(msg)
    return bandwidth_oct / _BANDWIDTH_TOP_OCT


def normalised_to_bandwidth(value: float) -> float:
    """Return the bandwidth in octaves of a run-time value; as uncertain as ``bandwidth_to_normalised``."""
    return _BANDWIDTH_TOP_OCT * value


def decode(block: ReaplugBlock) -> EqSettings:
    """Read the bands from a block.

    Raises
    ------
    PluginStateError
        If the state is damaged, of another version, or holds a kind of band that is not known.
    """
    bands, _, gain_lin, _ = _split(block)
    decoded = tuple(_decoded(block, number, data) for number, data in enumerate(bands, 1))
    return EqSettings(decoded, _level_db(block, "its gain", gain_lin))


def encode(settings: EqSettings, like: ReaplugBlock | None = None) -> ReaplugBlock:
    """Write bands into a block.

    Parameters
    ----------
    settings : EqSettings
        What it shall be set to.
    like : ReaplugBlock or None
        A block that keeps everything else it holds, and the bits of every band and gain that does not change; None for
        a new instance.

    Raises
    ------
    PluginStateError
        If ``like`` is damaged.
    ValueError
        If a setting is no number that the plug-in can hold.
    """
    old_bands, end, old_gain_lin, tail = _split(like) if like is not None else ((), _NEW_END, 1.0, _NEW_TAIL)
    before = decode(like) if like is not None else EqSettings()
    bands = _all_encoded(settings.bands, before.bands, old_bands)
    unchanged = settings.gain_db == before.gain_db
    gain_lin = old_gain_lin if unchanged else _gain_lin("the gain after all bands in dB", settings.gain_db)
    state = _BEGIN.pack(_VERSION, len(bands)) + b"".join(bands) + _END.pack(*end, gain_lin) + tail
    return like.with_state(state) if like is not None else new_block(REAEQ, state)


def _split(block: ReaplugBlock) -> tuple[tuple[bytes, ...], tuple[int, int], float, bytes]:
    """Return the bytes of each band, the two numbers before the gain, the linear gain, and the rest."""
    state = block.state
    version, count = _BEGIN.unpack_from(state) if len(state) >= _BEGIN.size else (0, 0)
    if version != _VERSION:
        raise damaged(block, f"its state is of layout {version}, and only {_VERSION} is known")
    stop = _BEGIN.size + _BAND.size * count
    if count < 0 or len(state) < stop + _END.size:
        raise damaged(block, f"its state announces {count} bands, too many for its {len(state)} bytes")
    bands = tuple(state[at : at + _BAND.size] for at in range(_BEGIN.size, stop, _BAND.size))
    first, second, gain_lin = _END.unpack_from(state, stop)
    return bands, (first, second), gain_lin, state[stop + _END.size :]


def _decoded(block: ReaplugBlock, number: int, data: bytes) -> EqBand:
    """Return a band from its bytes."""
    kind, enabled, frequency_hz, gain_lin, bandwidth_oct, _ = _BAND.unpack(data)
    if kind not in BandKind.__members__.values():
        raise damaged(block, f"its band {number} is of kind {kind}, which is not known")
    if not (0.0 < frequency_hz < math.inf and 0.0 < bandwidth_oct < math.inf):
        raise damaged(block, f"its band {number} is at {frequency_hz} Hz and {bandwidth_oct} octaves wide")
    gain_db = _level_db(block, f"the gain of its band {number}", gain_lin)
    return EqBand(BandKind(kind), frequency_hz, gain_db, bandwidth_oct, bool(enabled))


def _all_encoded(bands: tuple[EqBand, ...], before: tuple[EqBand, ...], bits: tuple[bytes, ...]) -> list[bytes]:
    """Return the bytes of each band: those it had, also where others were put in before it or taken out."""
    same_place = list(zip(before, bits, strict=True))
    any_place = dict(same_place)
    result = []
    for index, band in enumerate(bands):
        if index < len(same_place) and same_place[index][0] == band:
            result.append(same_place[index][1])
        else:
            result.append(any_place.get(band) or _encoded(band, index + 1))
    return result


def _encoded(band: EqBand, number: int) -> bytes:
    """Return the bytes of a band."""
    _above_zero(f"the frequency of band {number} in Hz", band.frequency_hz)
    _above_zero(f"the bandwidth of band {number} in octaves", band.bandwidth_oct)
    gain_lin = _gain_lin(f"the gain of band {number} in dB", band.gain_db)
    return _BAND.pack(int(band.kind), int(band.enabled), band.frequency_hz, gain_lin, band.bandwidth_oct, 1)


def _level_db(block: ReaplugBlock, thing: str, gain_lin: float) -> float:
    """Return a stored gain in dB."""
    if not 0.0 <= gain_lin < math.inf:
        raise damaged(block, f"{thing} is {gain_lin}, no linear gain")
    return lin_to_db(gain_lin)


def _gain_lin(thing: str, gain_db: float) -> float:
    """Return the linear gain to store."""
    return db_to_lin(SILENCE_DB if gain_db == -math.inf else checked_number(thing, gain_db, highest=HIGHEST_DB))


def _above_zero(thing: str, value: float) -> None:
    """Refuse what is not a finite number above 0."""
    if not 0.0 < value < math.inf:
        msg = f"{thing} is {value}: a finite number above 0 is needed"
        raise ValueError(msg)
