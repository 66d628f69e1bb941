"""The rungs of the balance mixer, and what it says about its moves."""

from __future__ import annotations

import math
import re

import pytest
from mixer_sounds import hear, sound

from reaper_automix.mixers import balance
from reaper_automix.mixers.balance import decide
from reaper_automix.mixers.balance_model import load_balance_model
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixers.role_offsets import load_role_offsets
from reaper_automix.settings import MixSettings


@pytest.fixture
def hearing() -> Hearing:
    return hear({"Kick": sound(-14.0, click=0.8), "Bass": sound(-30.0, low=True), "Pad": sound(-22.0, pause=0.3)})


def changes(hearing: Hearing, rung: str) -> dict[str, float]:
    return {d.track_id: d.change_db[0][1] for d in decide(hearing, MixSettings(balance=rung))}


def levels(hearing: Hearing, rung: str) -> dict[str, float]:
    return {i: change + hearing.loudness_lufs(i) for i, change in changes(hearing, rung).items()}


def test_equal_is_equal(hearing: Hearing) -> None:
    after = levels(hearing, "equal")
    assert max(after.values()) - min(after.values()) == pytest.approx(0.0, abs=1e-9)


def test_roles_stand_apart_as_the_table_says(hearing: Hearing) -> None:
    after, table = levels(hearing, "roles"), load_role_offsets().offsets_db
    assert after["Kick"] - after["Bass"] == pytest.approx(table["kick"] - table["bass"])


def test_learned_stands_apart_as_the_model_says(hearing: Hearing) -> None:
    from reaper_automix.mixers.balance_features import balance_features

    after, ids = levels(hearing, "learned"), list(hearing.measurements)
    roles = [hearing.roles.get(i) for i in ids]
    wanted = load_balance_model().levels_db(balance_features([hearing.measurements[i] for i in ids], roles), roles)
    assert [after[i] - after["Kick"] for i in ids] == pytest.approx(list(wanted - wanted[0]))


@pytest.mark.parametrize("rung", ["equal", "roles", "learned", "auto"])
def test_every_rung_keeps_the_power_sum(hearing: Hearing, rung: str) -> None:
    before = [hearing.loudness_lufs(i) for i in hearing.measurements]
    power = [math.fsum(10.0 ** (level / 10.0) for level in some) for some in (before, levels(hearing, rung).values())]
    assert power[0] == pytest.approx(power[1])


def test_learned_does_not_depend_on_the_levels_it_finds(hearing: Hearing) -> None:
    turned = {
        i: m.louder_by(gain) for (i, m), gain in zip(hearing.measurements.items(), (-9.0, 4.0, 12.0), strict=True)
    }
    before, after = levels(hearing, "learned"), levels(hear(turned), "learned")
    assert after["Kick"] - after["Bass"] == pytest.approx(before["Kick"] - before["Bass"], abs=1e-6)


@pytest.mark.parametrize(("proven", "rung"), [(True, "learned"), (False, "roles")])
def test_auto_takes_what_is_proven(hearing: Hearing, monkeypatch: pytest.MonkeyPatch, proven: bool, rung: str) -> None:
    monkeypatch.setattr(balance, "balance_is_proven", lambda: proven)
    assert changes(hearing, "auto") == changes(hearing, rung)


def test_auto_is_equal_where_names_say_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balance, "balance_is_proven", lambda: True)
    hearing = hear({"Kick": sound(-14.0), "zzz 1": sound(-20.0), "zzz 2": sound(-25.0)})
    assert changes(hearing, "auto") == changes(hearing, "equal")


def test_silent_tracks_are_left_as_they_are() -> None:
    assert set(changes(hear({"Kick": sound(-14.0), "Bass": sound(-200.0)}), "learned")) == {"Kick"}
    assert decide(hear({"Bass": sound(-200.0)}), MixSettings()) == ()


def test_only_the_scope_moves_and_goes_where_the_whole_balance_puts_it(hearing: Hearing) -> None:
    part = hear(dict(hearing.measurements), ("Bass",))
    assert changes(part, "learned") == pytest.approx({"Bass": changes(hearing, "learned")["Bass"]})


@pytest.mark.parametrize("rung", ["equal", "roles", "learned"])
def test_the_numbers_of_a_reason_add_up(hearing: Hearing, rung: str) -> None:
    """The way from where it sits to where others have it is the move, less what the rest moves."""
    for decision in decide(hearing, MixSettings(balance=rung)):
        found = re.fullmatch(
            r"asks for ([\d.]+) dB (up|down): \w+ sits ([\d.]+) LU (over|under) the rest; .*? ([\d.]+) LU (over|under)"
            r"(?: the rest)?(?:, and the rest goes ([\d.]+) dB (up|down))?(?: \(.*\))?",
            decision.reason,
        )
        assert found, decision.reason
        move, now, wanted, rest = (
            float(found[i] or 0.0) * (1.0 if found[i + 1] in ("up", "over") else -1.0) for i in (1, 3, 5, 7)
        )
        assert move == pytest.approx(decision.change_db[0][1], abs=0.051)
        assert wanted - now == pytest.approx(move - rest, abs=0.26)


def test_the_learned_reason_names_what_counted(hearing: Hearing) -> None:
    reasons = {d.track_id: d.reason for d in decide(hearing, MixSettings(balance="learned"))}
    assert "comparable songs have it" in reasons["Kick"]
    assert re.search(r"\(role \+\d\.\d dB", reasons["Kick"])


def test_a_track_alone_has_nobody_to_compare_with() -> None:
    (decision,) = decide(hear({"Kick": sound(-14.0)}), MixSettings(balance="learned"))
    assert decision.reason == "asks for 0.0 dB up: it plays alone"
