"""Groups: who belongs where, and the one gain that is left for a sum of tracks."""

from __future__ import annotations

import numpy as np
import pytest

from reaper_automix.analysis.roles import Role
from reaper_automix.training.rides.groups import GROUPS, gain_between_db, group_gain_db, group_of, typical_gain_db


def test_every_role_has_a_group_of_the_paper() -> None:
    assert {group_of(role) for role in [*Role, None]} == set(GROUPS)
    assert [group_of(role) for role in (Role.KICK, Role.PERCUSSION, Role.BASS)] == ["drums", "drums", "bass"]
    assert [group_of(role) for role in (Role.BACKING_VOCAL, Role.ACOUSTIC_GUITAR)] == ["vocals", "guitar"]
    assert [group_of(role) for role in (Role.PIANO, Role.STRINGS, None)] == ["backup"] * 3


def test_a_typical_gain_is_that_where_the_track_sounds() -> None:
    gain_db = np.array([0.0, -6.0, 12.0])
    assert typical_gain_db(gain_db, np.array([3.0, 1.0, 0.0])) == pytest.approx(-1.5)
    assert typical_gain_db(gain_db, np.zeros(3)) == pytest.approx(2.0)


def test_a_groups_gain_is_what_its_sum_lacks_to_the_humans_sum() -> None:
    """Mix three independent noises with moving gains, sample by sample, and compare the powers of the two sums."""
    rng = np.random.default_rng(1)
    n_blocks, n_samples = 12, 20_000
    audio = rng.standard_normal((3, n_blocks, n_samples)) * np.array([1.0, 0.3, 0.1])[:, None, None]
    audio[1, :4] = 0.0
    gains_db = rng.uniform(-15.0, 6.0, (3, n_blocks))
    energies = np.square(audio).mean(axis=-1)
    typical_db = np.array([typical_gain_db(gain, energy) for gain, energy in zip(gains_db, energies, strict=True)])

    human = np.sum(audio * 10.0 ** (gains_db[..., None] / 20.0), axis=0)
    grouped = np.sum(audio * 10.0 ** (typical_db[:, None, None] / 20.0), axis=0)
    wanted_db = 10.0 * np.log10(np.square(human).mean(axis=-1) / np.square(grouped).mean(axis=-1))
    assert group_gain_db(gains_db, typical_db, energies) == pytest.approx(wanted_db, abs=0.25)


def test_a_group_of_one_has_that_tracks_gain() -> None:
    gain_db = np.array([[0.0, -6.0, 4.0]])
    assert group_gain_db(gain_db, np.array([-1.0]), np.ones((1, 3)))[0:3] == pytest.approx([1.0, -5.0, 5.0])


def test_where_nothing_sounds_the_gains_mean_holds() -> None:
    gains_db = np.array([[0.0, -6.0], [-2.0, -2.0]])
    energies = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert group_gain_db(gains_db, np.array([0.0, -3.0]), energies) == pytest.approx([0.0, -2.5])


def test_a_gain_between_energies_never_leaves_the_numbers() -> None:
    before, after = np.array([1.0, 1.0, 0.0]), np.array([4.0, 0.0, 1.0])
    assert gain_between_db(before, after, np.full(3, 7.0)) == pytest.approx([6.0206, -120.0, 7.0], abs=1e-4)
