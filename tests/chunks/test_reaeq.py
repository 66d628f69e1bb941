"""ReaEQ's bands: in files, and as run-time values."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.chunks import reaeq
from reaper_automix.chunks.lines import parse_chunk_text
from reaper_automix.chunks.reaeq import BandKind, EqBand, EqSettings
from reaper_automix.chunks.reaplug_blocks import REACOMP, REAEQ, PluginStateError, new_block, read_block

BANDS = st.builds(
    EqBand,
    st.sampled_from(BandKind),
    st.floats(20.0, 24_000.0),
    st.floats(-150.0, 24.0),
    st.floats(0.01, 4.0),
    st.booleans(),
)
SETTINGS = st.builds(EqSettings, st.lists(BANDS, max_size=9).map(tuple), st.floats(-60.0, 24.0))


def state_of(*bands: bytes, gain_lin: float = 1.0, tail: bytes = b"") -> bytes:
    """Return a state packed by hand."""
    return struct.pack("<ii", 33, len(bands)) + b"".join(bands) + struct.pack("<iid", 1, 1, gain_lin) + tail


def band_bytes(kind: int, frequency_hz: float, gain_lin: float, width_oct: float, enabled: int = 1) -> bytes:
    return struct.pack("<iidddB", kind, enabled, frequency_hz, gain_lin, width_oct, 1)


def test_a_state_packed_by_hand_is_read() -> None:
    bands = band_bytes(8, 1234.5, 0.5, 1.2), band_bytes(4, 80.0, 1.0, 2.0, enabled=0)
    settings = reaeq.decode(new_block(REAEQ, state_of(*bands, gain_lin=2.0, tail=b"rest")))
    assert [(b.kind, b.frequency_hz, b.bandwidth_oct, b.enabled) for b in settings.bands] == [
        (BandKind.BAND, 1234.5, 1.2, True),
        (BandKind.HIGH_PASS, 80.0, 2.0, False),
    ]
    levels_db = [b.gain_db for b in settings.bands] + [settings.gain_db]
    assert levels_db == pytest.approx([-6.0206, 0.0, 6.0206], abs=1e-4)


def test_a_new_state_is_the_documented_one() -> None:
    band = EqBand(BandKind.HIGH_SHELF, 8000.0, 20.0 * math.log10(1.5), 0.8)
    state = reaeq.encode(EqSettings((band,), -20.0)).state
    expected = state_of(band_bytes(1, 8000.0, 1.5, 0.8), gain_lin=0.1, tail=struct.pack("<4i", 0, 509, 348, 2))
    assert struct.unpack("<iiiidddBiid16s", state) == pytest.approx(struct.unpack("<iiiidddBiid16s", expected))


@given(SETTINGS)
def test_settings_come_back_through_the_text(settings: EqSettings) -> None:
    written = reaeq.encode(settings)
    block = read_block(parse_chunk_text("\n".join(written.lines()) + "\n"))
    back = reaeq.decode(block)
    assert back.gain_db == pytest.approx(settings.gain_db, abs=1e-9)
    for meant, got in zip(settings.bands, back.bands, strict=True):
        assert (got.kind, got.enabled, got.frequency_hz) == (meant.kind, meant.enabled, meant.frequency_hz)
        assert got.bandwidth_oct == meant.bandwidth_oct
        assert got.gain_db == pytest.approx(meant.gain_db, abs=1e-9)
    assert reaeq.encode(back, block).lines() == written.lines()


@given(SETTINGS, SETTINGS, st.binary(max_size=20))
def test_what_is_not_understood_is_kept(before: EqSettings, after: EqSettings, tail: bytes) -> None:
    state = reaeq.encode(before).state[:-16] + tail
    like = new_block(REAEQ, state, name="mine")
    changed = reaeq.encode(after, like)
    assert changed.head == like.head
    assert changed.state[: -len(tail) or None].endswith(struct.pack("<ii", 1, 1) + changed.state[-8 - len(tail) :][:8])
    assert changed.state.endswith(tail)
    assert len(changed.state) == 8 + 33 * len(after.bands) + 16 + len(tail)


def test_bands_that_do_not_change_keep_their_bits_wherever_they_stand() -> None:
    # Two gains that both read as silence, and a switch and a last byte that REAPER is not known to write.
    odd = [band_bytes(8, 100.0, 1e-9, 1.0, enabled=7), band_bytes(8, 100.0, 1e-12, 1.0, enabled=2)[:-1] + b"\5"]
    block = new_block(REAEQ, state_of(*odd))
    settings = reaeq.decode(block)
    assert settings.bands[0] == settings.bands[1]
    assert reaeq.encode(settings, block) == block
    first = EqBand(BandKind.LOW_SHELF, 60.0, 1.0)
    shifted = reaeq.encode(EqSettings((first, *settings.bands), settings.gain_db), block)
    assert shifted.state[8 + 33 : 8 + 99] == odd[1] + odd[1]


def test_one_changed_gain_changes_eight_bytes() -> None:
    settings = EqSettings(tuple(EqBand(BandKind.BAND, f, 0.0) for f in (100.0, 1000.0, 5000.0)))
    block = reaeq.encode(settings)
    middle = EqBand(BandKind.BAND, 1000.0, -2.5)
    changed = reaeq.encode(EqSettings((settings.bands[0], middle, settings.bands[2])), block).state
    differing = [i for i, (a, b) in enumerate(zip(block.state, changed, strict=True)) if a != b]
    start = 8 + 33 + 16
    assert differing
    assert start <= differing[0] <= differing[-1] < start + 8


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (b"\x21", "layout 0"),
        (struct.pack("<ii", 32, 0) + bytes(16), "layout 32, and only 33"),
        (state_of(band_bytes(8, 1.0, 1.0, 1.0))[:-1], "announces 1 bands, too many for its 56 bytes"),
        (struct.pack("<ii", 33, -1) + bytes(100), "announces -1 bands"),
        (struct.pack("<ii", 33, 2**31 - 1) + bytes(100), "announces 2147483647 bands"),
        (state_of(band_bytes(12, 100.0, 1.0, 1.0)), "band 1 is of kind 12"),
        (state_of(band_bytes(8, math.nan, 1.0, 1.0)), "band 1 is at nan Hz"),
        (state_of(band_bytes(8, 100.0, 1.0, 0.0)), "0.0 octaves"),
        (state_of(band_bytes(8, 100.0, math.inf, 1.0)), "gain of its band 1 is inf"),
        (state_of(gain_lin=-1.0), "its gain is -1.0"),
    ],
)
def test_damaged_states_are_told(state: bytes, problem: str) -> None:
    with pytest.raises(PluginStateError, match=rf"^ReaEQ: .*{problem}.*save the project in a current REAPER"):
        reaeq.decode(new_block(REAEQ, state))


def test_the_block_of_another_plugin_is_refused() -> None:
    with pytest.raises(PluginStateError, match=r"^ReaComp: "):
        reaeq.decode(new_block(REACOMP, b"\0" * 92))


@pytest.mark.parametrize(
    ("band", "problem"),
    [
        (EqBand(BandKind.BAND, math.nan), "frequency of band 1 in Hz is nan"),
        (EqBand(BandKind.BAND, 0.0), "frequency of band 1 in Hz is 0.0"),
        (EqBand(BandKind.BAND, 100.0, math.inf), "gain of band 1 in dB is inf"),
        (EqBand(BandKind.BAND, 100.0, 1e6), "a number from -1e.09 to 150 is needed"),
        (EqBand(BandKind.BAND, 100.0, 0.0, -1.0), "bandwidth of band 1 in octaves is -1.0"),
    ],
)
def test_settings_that_no_band_holds_are_refused(band: EqBand, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        reaeq.encode(EqSettings((band,)))


def test_silence_is_a_gain_of_zero() -> None:
    state = reaeq.encode(EqSettings((EqBand(BandKind.BAND, 100.0, -math.inf),))).state
    assert struct.unpack_from("<d", state, 24) == (0.0,)


def test_frequencies_at_run_time_are_the_documented_ones() -> None:
    # The published points of the formula: values by steps of a quarter.
    known = {0.0: 20.0, 0.25: 228.3, 0.5: 1160.5, 0.75: 5332.0, 1.0: 24_000.0}
    for value, frequency_hz in known.items():
        assert reaeq.normalised_to_frequency(value) == pytest.approx(frequency_hz, rel=3e-4)


@given(st.floats(20.0, 24_000.0), st.floats(-100.0, 12.0), st.floats(0.01, 4.0))
def test_run_time_values_go_both_ways(frequency_hz: float, gain_db: float, width_oct: float) -> None:
    values = (
        reaeq.frequency_to_normalised(frequency_hz),
        reaeq.gain_to_normalised(gain_db),
        reaeq.bandwidth_to_normalised(width_oct),
    )
    assert all(0.0 <= value <= 1.0 + 1e-12 for value in values)
    assert reaeq.normalised_to_frequency(values[0]) == pytest.approx(frequency_hz, rel=1e-9)
    assert reaeq.normalised_to_gain(values[1]) == pytest.approx(gain_db, abs=1e-9)
    assert reaeq.normalised_to_bandwidth(values[2]) == pytest.approx(width_oct, rel=1e-12)


def test_run_time_gains_by_hand() -> None:
    assert reaeq.gain_to_normalised(0.0) == 0.25
    assert reaeq.gain_to_normalised(-6.0) == pytest.approx(0.1253, abs=1e-4)
    assert reaeq.normalised_to_gain(1.0) == pytest.approx(12.04, abs=0.01)


def test_run_time_values_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"19 Hz: ReaEQ takes 20\.\.24000 Hz"):
        reaeq.frequency_to_normalised(19.0)
    with pytest.raises(ValueError, match=r"13 dB: ReaEQ's gain ends at 12\.04 dB"):
        reaeq.gain_to_normalised(13.0)
    with pytest.raises(ValueError, match=r"5 octaves: ReaEQ takes up to 4"):
        reaeq.bandwidth_to_normalised(5.0)


def test_bandwidth_and_quality() -> None:
    # An octave is Q = sqrt(2), two octaves are Q = 2/3: the edges lie at f / 2**(bw/2) and f * 2**(bw/2).
    assert reaeq.bandwidth_to_q(1.0) == pytest.approx(math.sqrt(2.0))
    assert EqBand(BandKind.BAND, 1000.0).q == pytest.approx(2.0 / 3.0)
    for q in (0.1, 0.7071, 4.0, 50.0):
        assert reaeq.bandwidth_to_q(reaeq.q_to_bandwidth(q)) == pytest.approx(q)
    with pytest.raises(ValueError, match="quality Q is 0"):
        reaeq.q_to_bandwidth(0.0)
