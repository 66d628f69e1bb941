"""The published format of a plan: round trips, refusals that name the field."""

from __future__ import annotations

import json

import pytest

from reaper_automix.errors import PlanError
from reaper_automix.mixplan import (
    BusMove,
    EffectMove,
    EnvelopeMove,
    FaderMove,
    MixPlan,
    PanMove,
    PolarityMove,
    Prediction,
    SendMove,
    TakeMove,
    TrackRef,
    move_words,
)
from reaper_automix.mixplan_json import SCHEMA, plan_from_json, plan_to_json
from reaper_automix.session import EnvelopeKind

KICK = TrackRef("{K}", "Kick 🥁")

PLAN = MixPlan(
    mixer="rides",
    created="2026-11-21T09:00:00+00:00",
    session_path="song.RPP",
    session_fingerprint="abc",
    scope_track_ids=("{K}",),
    range_s=(0.0, 187.2),
    settings={"strength_percent": 60.0},
    warnings=("Click: left out",),
    moves=(
        FaderMove(KICK, 0.0, -4.2, "too loud"),
        PanMove(KICK, 0.0, -0.3),
        PolarityMove(KICK, False, True),
        EnvelopeMove(KICK, EnvelopeKind.VOLUME, (0.0, 187.2), ((0.0, -1.2), (3.0, 0.5)), ((0.0, 0.0),), "ride"),
        EffectMove(KICK, "compressor", "ReaComp", "Automix: compressor", None, {"threshold_db": -21.0, "ratio": 3.7}),
        SendMove(KICK, "Automix reverb", None, -12.0),
        TakeMove(TrackRef("{I}", "Kick item"), "kick-tone.wav"),
        BusMove("Automix reverb"),
    ),
    predicted=Prediction(-18.0, -1.0, -20.0, -3.0),
)


def test_every_kind_of_move_survives_the_round_trip() -> None:
    assert plan_from_json(plan_to_json(PLAN)) == PLAN


def test_the_format_is_the_published_one() -> None:
    data = json.loads(plan_to_json(PLAN))
    assert data["schema"] == SCHEMA == "reaper_automix.mixplan/1"
    assert data["scope"] == {"tracks": ["{K}"], "range_s": [0.0, 187.2]}
    assert data["moves"][0] == {
        "kind": "fader",
        "track": {"id": "{K}", "name": "Kick 🥁"},
        "before_db": 0.0,
        "after_db": -4.2,
        "reason": "too loud",
    }
    assert data["moves"][3]["envelope"] == "Volume"


def test_silence_is_null_in_json() -> None:
    plan = MixPlan("balance", "", "", "", (), (0.0, 1.0), predicted=Prediction(float("-inf"), float("-inf")))
    assert json.loads(plan_to_json(plan))["predicted"]["loudness_lufs"] is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "reaper_automix.mixplan/9"}, "schema"),
        ({"moves": [{"kind": "teleport"}]}, r"moves\[0\].kind"),
        ({"moves": [{"kind": "fader", "track": {"id": "{K}"}, "after_db": "loud"}]}, r"moves\[0\].after_db"),
        ({"moves": [{"kind": "fader", "track": {"id": "{K}"}, "after_db": float("nan")}]}, r"moves\[0\].after_db"),
        ({"moves": [{"kind": "fader", "track": {}, "after_db": 0}]}, "'id' is missing"),
        ({"moves": [{"kind": "pan", "track": {"id": "{K}"}, "after": 3}]}, "a pan from -1 to 1"),
        ({"scope": {"tracks": [], "range_s": [5, 1]}}, "a start before the end"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, object], words: str) -> None:
    data = json.loads(plan_to_json(PLAN)) | change
    with pytest.raises(PlanError, match=words):
        plan_from_json(json.dumps(data), name="p.json")


def test_envelope_points_must_lie_in_order_inside_the_range() -> None:
    move = {"kind": "envelope", "track": {"id": "{K}"}, "envelope": "Volume", "range_s": [0, 5]}
    for points, words in (([[0, 0], [9, 0]], "inside range_s"), ([[2, 0], [1, 0]], "order"), ([], "at least one")):
        data = json.loads(plan_to_json(PLAN)) | {"moves": [move | {"points": points}]}
        with pytest.raises(PlanError, match=words):
            plan_from_json(json.dumps(data))


def test_text_that_is_not_json() -> None:
    with pytest.raises(PlanError, match=r"cut\.json: not JSON"):
        plan_from_json('{"schema": ', name="cut.json")


def test_a_hand_made_plan_needs_little() -> None:
    text = json.dumps(
        {
            "schema": SCHEMA,
            "mixer": "hand",
            "session": {},
            "scope": {"tracks": [], "range_s": [0, 10]},
            "moves": [{"kind": "fader", "track": {"id": "{K}"}, "after_db": -3}],
        }
    )
    assert plan_from_json(text).moves == (FaderMove(TrackRef("{K}", ""), None, -3.0),)


def test_moves_in_words() -> None:
    assert move_words(PLAN.moves[0]) == ("Kick 🥁", "fader", "+0.0 dB", "-4.2 dB")
    assert move_words(PLAN.moves[2]) == ("Kick 🥁", "polarity", "normal", "inverted")
    assert move_words(PLAN.moves[3]) == (
        "Kick 🥁",
        "Volume envelope",
        "one point at +0.0 dB",
        "2 points, -1.2 dB to +0.5 dB",
    )
