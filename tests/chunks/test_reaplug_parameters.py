"""ReaComp's and ReaVerbate's settings: in files, and as run-time values."""

from __future__ import annotations

import math
import struct
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reaper_automix.chunks import reacomp, reaverbate
from reaper_automix.chunks.lines import parse_chunk_text
from reaper_automix.chunks.reacomp import CompSettings
from reaper_automix.chunks.reaplug_blocks import REACOMP, REAVERBATE, PluginStateError, new_block, read_block
from reaper_automix.chunks.reaverbate import ReverbSettings

MARK = bytes.fromhex("efbeadde0df0adde")
GAINS = st.floats(-100.0, 6.0)
COMP = st.builds(
    CompSettings,
    threshold_db=GAINS,
    ratio=st.floats(1.0, 99.0) | st.just(math.inf),
    attack_ms=st.floats(0.0, 500.0),
    release_ms=st.floats(0.0, 5000.0),
    precomp_ms=st.floats(0.0, 250.0),
    rms_size_ms=st.floats(0.0, 100.0),
    knee_db=st.floats(0.0, 24.0),
    wet_db=GAINS,
    dry_db=GAINS | st.just(-150.0),
    lowpass_hz=st.floats(0.0, 20_000.0),
    highpass_hz=st.floats(0.0, 20_000.0),
    auto_makeup=st.booleans(),
    auto_release=st.booleans(),
)
REVERB = st.builds(
    ReverbSettings,
    wet_db=GAINS,
    dry_db=GAINS | st.just(-150.0),
    room_size=st.floats(0.0, 1.0),
    dampening=st.floats(0.0, 1.0),
    width=st.floats(-1.0, 1.0),
    initial_delay_ms=st.floats(0.0, 500.0),
    lowpass_hz=st.floats(0.0, 20_000.0),
    highpass_hz=st.floats(0.0, 20_000.0),
)


def raws_of(state: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{(len(state) - 8) // 4}f", state[8:])


def same_settings(a: Any, b: Any) -> bool:
    """Whether two settings are the same within the float32 in which they are stored."""
    return all(
        x == pytest.approx(y, rel=3e-7, abs=1e-4) for x, y in zip(asdict(a).values(), asdict(b).values(), strict=True)
    )


def test_the_known_defaults_of_reacomp() -> None:
    block = reacomp.encode(CompSettings())
    expected = [1, 3 / 99, 0.006, 0.02, 0, 0, 1, 0, 0, 0, 10**-7.5, 1, 0, 0.05, 0, 0, 0, 0.25, 0, 0, 0]
    assert block.state == MARK + struct.pack("<21f", *expected)
    assert same_settings(reacomp.decode(block), CompSettings())


def test_reacomp_by_hand() -> None:
    settings = CompSettings(
        threshold_db=-20.0,
        ratio=100.0,
        attack_ms=50.0,
        release_ms=500.0,
        precomp_ms=25.0,
        rms_size_ms=10.0,
        knee_db=6.0,
        wet_db=20.0 * math.log10(2.0),
        dry_db=-20.0,
        lowpass_hz=10_000.0,
        highpass_hz=100.0,
        auto_makeup=True,
        auto_release=True,
    )
    expected = [0.1, 1, 0.1, 0.1, 0.1, 0, 0.5, 0.005, 0, 0, 0.1, 2, 0, 0.1, 0.25, 1, 1, 0.25, 0, 0, 0]
    assert raws_of(reacomp.encode(settings).state) == pytest.approx(expected, rel=1e-6)
    assert reacomp.decode(reacomp.encode(settings)).ratio == math.inf


def test_reaverbate_by_hand() -> None:
    settings = ReverbSettings(-20.0, -math.inf, 0.7, 0.3, 0.5, 50.0, 8000.0, 200.0)
    block = reaverbate.encode(settings)
    assert len(block.state) == 40
    assert raws_of(block.state) == pytest.approx((0.1, 0.0, 0.7, 0.3, 0.75, 0.1, 0.4, 0.01), rel=1e-6)
    assert reaverbate.decode(block).dry_db == -150.0


@given(COMP)
def test_compressors_come_back_through_the_text(settings: CompSettings) -> None:
    written = reacomp.encode(settings)
    block = read_block(parse_chunk_text("\n".join(written.lines()) + "\n"))
    assert same_settings(reacomp.decode(block), settings)
    assert reacomp.encode(reacomp.decode(block), block).lines() == written.lines()


@given(REVERB)
def test_reverbs_come_back_through_the_text(settings: ReverbSettings) -> None:
    written = reaverbate.encode(settings)
    block = read_block(parse_chunk_text("\n".join(written.lines()) + "\n"))
    assert same_settings(reaverbate.decode(block), settings)
    assert reaverbate.encode(reaverbate.decode(block), block).lines() == written.lines()


@given(COMP, REVERB)
def test_run_time_values_go_both_ways(comp: CompSettings, reverb: ReverbSettings) -> None:
    for module, settings in ((reacomp, comp), (reaverbate, reverb)):
        values = module.to_normalised(settings)
        assert all(0.0 <= value <= 1.0 for value in values.values())
        assert same_settings(module.from_normalised(values), settings)


def test_run_time_gains_range_over_twice_the_level() -> None:
    values = reacomp.to_normalised(CompSettings(threshold_db=-20.0, ratio=4.0))
    assert values[0] == pytest.approx(0.05)
    assert values[1] == pytest.approx(3 / 99)
    assert values[11] == 0.5
    assert reacomp.from_normalised({0: 0.05}) == replace(CompSettings(), threshold_db=pytest.approx(-20.0))


def test_a_setting_beyond_the_range_is_refused_at_run_time_only() -> None:
    loud = CompSettings(wet_db=9.0)
    assert reacomp.decode(reacomp.encode(loud)).wet_db == pytest.approx(9.0, abs=1e-5)
    with pytest.raises(ValueError, match=r"wet_db is 9, beyond the plug-in's limit of 6\.02"):
        reacomp.to_normalised(loud)
    with pytest.raises(ValueError, match=r"room_size is 1\.2, beyond the plug-in's limit of 1:"):
        reaverbate.to_normalised(ReverbSettings(room_size=1.2))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (CompSettings(ratio=0.5), "ratio is 0.5: a number from 1 "),
        (CompSettings(ratio=math.nan), "ratio is nan"),
        (CompSettings(attack_ms=-1.0), "attack_ms is -1.0: a number from 0 "),
        (CompSettings(release_ms=math.inf), "release_ms is inf"),
        (CompSettings(wet_db=1e5), "wet_db is 100000.0: a number from -1e.09 to 150"),
    ],
)
def test_settings_that_no_compressor_holds_are_refused(settings: CompSettings, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        reacomp.encode(settings)


@pytest.mark.parametrize("n_parameters", [17, 18, 19, 21, 22])
def test_what_is_not_understood_is_kept_in_every_length(n_parameters: int) -> None:
    # Raw values outside of every range, one that reads as infinite, and numbers that are none where nothing is known.
    raws = [11.7, 1.5, -0.1, 0.3, 0.2, math.nan, 0.9, 0.1, 0.00184, 0.3, 1e-9, 3.98, 0.4, 0.01, 0.5, 0.6, 0.2]
    raws = (raws + [math.nan] * 5)[:n_parameters]
    block = new_block(REACOMP, MARK + struct.pack(f"<{n_parameters}f", *raws) + b"", name="mine")
    settings = reacomp.decode(block)
    assert settings.ratio == math.inf
    assert reacomp.encode(settings, block) == block
    changed = reacomp.encode(replace(settings, knee_db=3.0), block)
    assert changed.state[: 8 + 56] == block.state[: 8 + 56]
    assert struct.unpack_from("<f", changed.state, 8 + 56) == (0.125,)
    assert changed.state[8 + 60 :] == block.state[8 + 60 :]
    assert changed.head == block.head


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (b"", "does not begin as a list of parameters"),
        (b"\0" * 92, "does not begin as a list of parameters"),
        (MARK + bytes(28), r"36 bytes holds 7 parameters; 17 are needed"),
        (MARK + bytes(85), r"93 bytes holds 21 parameters"),
        (MARK + struct.pack("<17f", math.nan, *[0.0] * 16), r"parameter 0 \(threshold_db\) is nan"),
    ],
)
def test_damaged_states_are_told(state: bytes, problem: str) -> None:
    block = replace(new_block(REACOMP, b"x", name="bus"), state=state, line_number=7)
    with pytest.raises(PluginStateError, match=rf"^ReaComp 'bus' \(line 7\): .*{problem}.*\.rpp-bak"):
        reacomp.decode(block)


def test_a_short_reverb_is_told() -> None:
    with pytest.raises(PluginStateError, match=r"^ReaVerbate: .* holds 7 parameters; 8 are needed"):
        reaverbate.decode(new_block(REAVERBATE, MARK + bytes(28)))
