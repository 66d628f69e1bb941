"""Which track leads: by role, by name, by pitch and by being one voice; never by its level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reaper_automix.analysis.roles import Role
from reaper_automix.training.corpora.contract import CorpusTrack
from reaper_automix.training.vocal.leads import Voicing, best_of, candidates_of, vocals_of, voicing_of

RATE_HZ = 44_100


def track(name: str, role: Role | None) -> CorpusTrack:
    return CorpusTrack(name, name, Path(f"{name}.wav"), role)


def note(frequency_hz: float, seconds: float = 2.0) -> NDArray[np.float32]:
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(sum(0.2 / n * np.sin(2 * np.pi * n * frequency_hz * time_s) for n in range(1, 6)), np.float32)


def test_lead_vocals_are_the_vocal_and_backing_vocals_are_not() -> None:
    tracks = [track("Vox", Role.LEAD_VOCAL), track("BGV", Role.BACKING_VOCAL), track("Vox dbl", Role.LEAD_VOCAL)]
    assert [t.name for t in vocals_of(tracks)] == ["Vox", "Vox dbl"]
    assert vocals_of(tracks[1:2]) == ()


def test_names_come_first_and_drums_and_basses_never() -> None:
    tracks = [
        track("Pad", Role.SYNTH),
        track("Lead Drum", Role.DRUMS),
        track("Solo Bass", Role.BASS),
        track("Odd", None),
    ]
    assert [t.name for t in candidates_of(tracks)] == ["Pad", "Odd"]
    named = [*tracks, track("LeadGuitar", Role.ELECTRIC_GUITAR), track("PianoMelody", Role.PIANO)]
    assert [t.name for t in candidates_of(named)] == ["LeadGuitar", "PianoMelody"]


@pytest.mark.parametrize("frequency_hz", [150.0, 440.0, 900.0])
def test_a_note_is_one_voice_of_its_pitch(frequency_hz: float) -> None:
    voicing = voicing_of(note(frequency_hz), RATE_HZ)
    assert voicing.pitch_hz == pytest.approx(frequency_hz, rel=0.05)
    assert voicing.periodicity > 0.97
    assert voicing.coverage == 1.0
    assert voicing.is_eligible


def test_a_chord_is_less_like_one_voice_and_noise_much_less() -> None:
    chord = note(262.0) + note(330.0 * 1.003) + note(392.0 * 0.996) + note(494.0)
    hiss = np.random.default_rng(0).standard_normal(2 * RATE_HZ).astype(np.float32)
    one, many, none = (voicing_of(audio, RATE_HZ).periodicity for audio in (note(262.0), chord, hiss))
    assert one > many + 0.03
    assert many > none + 0.3


def test_the_level_says_nothing() -> None:
    loud, quiet = voicing_of(note(300.0), RATE_HZ), voicing_of(note(300.0) * np.float32(1e-3), RATE_HZ)
    assert loud.pitch_hz == quiet.pitch_hz
    assert loud.periodicity == pytest.approx(quiet.periodicity, abs=1e-4)


def test_who_sounds_rarely_low_or_not_at_all_does_not_lead() -> None:
    rare = np.concatenate([note(440.0, 1.0), np.zeros(9 * RATE_HZ, np.float32)])
    assert voicing_of(rare, RATE_HZ).coverage == pytest.approx(0.1, abs=0.03)
    voicings = [voicing_of(rare, RATE_HZ), voicing_of(note(80.0), RATE_HZ), voicing_of(np.zeros(500, "f4"), RATE_HZ)]
    assert best_of(voicings) is None
    assert best_of([]) is None
    assert best_of([*voicings, Voicing(0.5, 300.0, 0.9), Voicing(0.9, 300.0, 0.8)]) == 4
