from __future__ import annotations

import numpy as np
import pytest
from synthetic_drums import drum_set

pytest.importorskip("sklearn")

from reaper_automix.analysis.drum_levels import balanced_db
from reaper_automix.training.drums.baselines import (
    DirectSum,
    LoudnessNormalised,
    MicrophoneMean,
    noise_free,
    pooled_db,
    spread_between,
)

SESSIONS = drum_set(performances=20, engineers=("ann", "bob", "cat")).sessions
LEVELS = [s.gains_db["ann"] for s in SESSIONS]


def test_the_direct_sum_is_the_balance_of_the_recording() -> None:
    (said,) = DirectSum().fit(SESSIONS, LEVELS).predict(SESSIONS[:1])

    np.testing.assert_allclose(np.diff(said), np.diff(SESSIONS[0].loudness_lufs))


def test_a_silent_microphone_is_just_very_quiet() -> None:
    session = SESSIONS[0]
    session.loudness_lufs[2] = -np.inf
    (said,) = DirectSum().predict([session])

    assert np.isfinite(said).all()


def test_normalised_microphones_are_equally_loud() -> None:
    (said,) = LoudnessNormalised().predict(SESSIONS[:1])

    np.testing.assert_allclose(said, -10.0 * np.log10(len(said)))


def test_the_mean_of_microphones_is_that_of_the_kinds() -> None:
    said = MicrophoneMean().fit(SESSIONS, LEVELS).predict(SESSIONS)
    snare_above_hihat = [
        s[list(o.microphones).index("snare_top")] - s[list(o.microphones).index("hihat")]
        for s, o in zip(said, SESSIONS, strict=True)
        if "hihat" in o.microphones
    ]

    assert np.ptp(snare_above_hihat) < 1e-9
    assert snare_above_hihat[0] == pytest.approx(13.0, abs=2.0)


def test_the_ceiling_is_what_the_engineer_meant() -> None:
    assert all(
        np.array_equal(said, balanced_db(s.meant_db["bob"]))
        for said, s in zip(noise_free(SESSIONS, "bob"), SESSIONS, strict=True)
    )


def test_others_are_all_but_one() -> None:
    (said,) = spread_between(SESSIONS[:1], "ann")

    np.testing.assert_allclose(said, pooled_db(SESSIONS[0], ["bob", "cat"]))
    assert np.abs(said - SESSIONS[0].gains_db["ann"]).max() > 0.5
