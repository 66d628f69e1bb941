from __future__ import annotations

import math

import numpy as np
import pytest
from mixer_sounds import RATE_HZ, hear, noise, sound

from reaper_automix.mixers import vocal_level
from reaper_automix.mixers.balance import offsets_db
from reaper_automix.mixers.vocal_level import WantedLevel, wanted_level
from reaper_automix.mixers.vocal_network import usual_gap_lu
from reaper_automix.mixers.vocal_sound import Excerpts

HEARING = hear({"Lead Vox": sound(-20.0), "Bass": sound(-18.0, low=True), "Keys": sound(-26.0)})


def no_excerpts() -> Excerpts:
    raise AssertionError("only the network listens")


def wanted(who: str) -> WantedLevel:
    return wanted_level(HEARING, ["Lead Vox"], who, no_excerpts)


def test_the_published_rule() -> None:
    assert wanted("rule").gap_lu == -0.5


def test_auto_is_what_is_usual_until_the_network_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wanted("auto") == wanted("usual")
    assert wanted("usual").gap_lu == usual_gap_lu()
    assert -12.0 < usual_gap_lu() < -3.0
    monkeypatch.setattr(vocal_level, "vocal_network_is_proven", lambda: True)
    with pytest.raises(AssertionError, match="only the network listens"):
        wanted("auto")


@pytest.mark.parametrize("rung", ["roles", "learned"])
def test_rungs_of_the_balance_are_the_lead_against_the_sum_of_the_others(rung: str) -> None:
    offsets = offsets_db(HEARING, rung)
    others = sum(10.0 ** (offsets[name] / 10.0) for name in ("Bass", "Keys"))
    assert wanted(rung).gap_lu == pytest.approx(offsets["Lead Vox"] - 10.0 * math.log10(others))


def test_the_network_answers_and_silence_is_refused() -> None:
    vocal, backing = noise(-20.0)[0], noise(-12.0, low=True)[0]
    heard = wanted_level(HEARING, ["Lead Vox"], "network", lambda: Excerpts(vocal, backing, RATE_HZ))
    assert -30.0 < heard.gap_lu < 10.0
    with pytest.raises(ValueError, match=r"silent|never sound together"):
        wanted_level(HEARING, ["Lead Vox"], "network", lambda: Excerpts(np.zeros_like(vocal), backing, RATE_HZ))
