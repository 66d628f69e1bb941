"""The demo's song fits together."""

from __future__ import annotations

from itertools import pairwise

from reaper_automix.demo import score


def test_every_bar_has_a_chord_that_every_part_knows() -> None:
    assert len(score.CHORD_NAMES) == score.END
    for chords in (
        score.KEYS_CHORDS,
        score.PAD_CHORDS,
        score.GUITAR_CHORDS,
        score.HIGH_GUITAR_CHORDS,
        score.CHOIR_CHORDS,
    ):
        assert set(chords) == set(score.CHORD_NAMES)


def test_the_song_lasts_between_45_and_60_seconds_at_100_bpm() -> None:
    assert score.TEMPO_BPM == 100.0
    assert 45.0 <= score.LENGTH_S <= 60.0


def test_sung_lines_do_not_overlap_and_rest_between_phrases() -> None:
    for line in (score.lead_syllables(), *score.choir_syllables()):
        gaps = [after.note.beat - before.note.beat - before.note.beats for before, after in pairwise(line)]
        assert min(gaps) >= -1e-9
        assert max(gaps) > 0.2


def test_the_singer_is_uneven_and_in_the_range_of_an_alto() -> None:
    levels_db = {s.note.level_db for s in score.lead_syllables()}
    assert max(levels_db) - min(levels_db) >= 10.0
    assert all(55 <= s.note.pitch <= 76 for s in score.lead_syllables())


def test_toms_are_played_in_fills_only() -> None:
    strokes = score.drum_strokes()
    bars = {int(note.beat) // score.BEATS_PER_BAR for name in ("tom", "floor tom") for note in strokes[name]}
    assert bars == set(score.FILL_BARS)


def test_nothing_starts_after_the_song() -> None:
    parts = (score.bass_notes(), score.keys_notes(), score.pad_notes(), *score.drum_strokes().values())
    assert all(0.0 <= note.start_s < score.LENGTH_S for notes in parts for note in notes)
