"""The published format of a plan: round trips, refusals that name the field."""

from __future__ import annotations

import json

import pytest

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import Band, EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
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
    bus_ref,
    move_words,
)
from reaper_automix.mixplan_json import SCHEMA, plan_from_json, plan_to_json
from reaper_automix.session import EnvelopeKind, SendMode

KICK = TrackRef("{K}", "Kick 🥁")

CUT = Band("band", 250.0, -3.0, 1.4)

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
        EffectMove(KICK, "ReaComp", "Automix: compressor", CompressorSettings(threshold_db=-21.0, ratio=3.7)),
        EffectMove(
            KICK, "ReaEQ", "Automix: equaliser", EqualiserSettings((CUT,)), EqualiserSettings(), "masks the snare"
        ),
        EffectMove(bus_ref("Automix reverb"), "ReaVerbate", "Automix: reverb", ReverbSettings(decay_s=1.2)),
        SendMove(KICK, "Automix reverb", -12.0, None, SendMode.PRE_FADER, "room"),
        TakeMove(KICK, TrackRef("{I}", "Kick item"), "/tmp/kick-tone.wav", "kick tone 1234", -0.5, "tone"),
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
    assert {key: data["moves"][5][key] for key in ("effect", "plugin", "tag", "before", "settings")} == {
        "effect": "equaliser",
        "plugin": "ReaEQ",
        "tag": "Automix: equaliser",
        "before": {"bands": []},
        "settings": {"bands": [{"type": "band", "frequency_hz": 250.0, "gain_db": -3.0, "q": 1.4}]},
    }
    assert data["moves"][7] | {"track": None} == {
        "kind": "send",
        "track": None,
        "to": {"name": "Automix reverb"},
        "before": None,
        "level_db": -12.0,
        "mode": "pre-fader",
        "reason": "room",
    }


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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"effect": "exciter"}, r"moves\[0\]\.plugin: expected a plug-in for the effect 'exciter' \(none is known\)"),
        ({"plugin": "ReaEQ"}, r"moves\[0\]\.plugin: expected a plug-in for the effect 'compressor' \(ReaComp"),
        ({"tag": "My compressor"}, r"moves\[0\]\.tag: expected a name that begins with 'Automix: '"),
        ({"settings": {"ratio": 0.5}}, r"moves\[0\]\.settings: ratio is 0\.5:1: choose a value from 1:1 to 100:1"),
        ({"settings": {"rate": 4}}, r"moves\[0\]\.settings: the field 'rate' is not known here"),
    ],
)
def test_what_is_wrong_with_an_effect_is_named(change: dict[str, object], words: str) -> None:
    move = {"kind": "effect", "track": {"id": "{K}"}, "effect": "compressor", "plugin": "ReaComp"}
    move |= {"tag": "Automix: compressor", "settings": {"threshold_db": -20}}
    data = json.loads(plan_to_json(PLAN)) | {"moves": [move | change]}
    with pytest.raises(PlanError, match=words):
        plan_from_json(json.dumps(data))


def test_a_plan_may_name_a_bus_of_ours_without_its_id() -> None:
    move = {"kind": "effect", "track": {"name": "Automix reverb"}, "effect": "reverb", "plugin": "ReaVerbate"}
    move |= {"tag": "Automix: reverb", "settings": {"decay_s": 2}}
    data = json.loads(plan_to_json(PLAN)) | {"moves": [move]}
    assert plan_from_json(json.dumps(data)).moves[0].track == bus_ref("Automix reverb")


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
    assert move_words(PLAN.moves[5]) == (
        "Kick 🥁",
        "equaliser (ReaEQ)",
        "no band",
        "-3.0 dB at 250 Hz (Q 1.4)",
    )
    assert move_words(PLAN.moves[7]) == ("Kick 🥁", "send to Automix reverb", "", "-12.0 dB")


def test_names_that_are_no_utf_8_survive_the_round_trip() -> None:
    """A folder of stems may be called in Latin-1: Python has its bytes as halves of surrogate pairs."""
    track = TrackRef("{A}", "K\udcefck \U0001f941")
    plan = MixPlan("balance", "", "/songs/K\udcefck", "", ("{A}",), (0.0, 1.0), (FaderMove(track, 0.0, 1.0),))
    text = plan_to_json(plan)
    assert text.encode("utf-8").decode("utf-8") == text
    read = plan_from_json(text)
    assert (read.session_path, read.moves) == (plan.session_path, plan.moves)
