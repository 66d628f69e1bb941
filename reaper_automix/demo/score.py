"""The demo's song as data: sections, chords, and the notes and strokes that every part plays. Times are in beats."""

from __future__ import annotations

from dataclasses import dataclass

TEMPO_BPM = 100.0
BEAT_S = 60.0 / TEMPO_BPM
BEATS_PER_BAR = 4
BAR_S = BEATS_PER_BAR * BEAT_S
INTRO, VERSE, CHORUS, OUTRO, END = 0, 2, 10, 18, 20
"""First bar of each section, and the bar at which the song is over."""
LENGTH_S = END * BAR_S
FILL_BARS = (9, 17)

CHORD_NAMES = ("Am", "F") + ("Am", "F", "C", "G") * 2 + ("F", "C", "G", "Am", "F", "C", "G", "G") + ("C", "C")
"""The chord of each bar."""

BASS_ROOTS = {"Am": 33, "F": 29, "C": 36, "G": 31}
KEYS_CHORDS = {"Am": (57, 60, 64, 67), "F": (53, 57, 60, 64), "C": (55, 60, 62, 64), "G": (55, 59, 62, 67)}
PAD_CHORDS = {"Am": (45, 57, 64, 72), "F": (41, 57, 65, 72), "C": (48, 60, 64, 67), "G": (43, 59, 62, 71)}
GUITAR_CHORDS = {
    "Am": (45, 52, 57, 60, 64),
    "F": (41, 48, 53, 57, 60, 65),
    "C": (48, 52, 55, 60, 64),
    "G": (43, 47, 50, 55, 59, 67),
}
HIGH_GUITAR_CHORDS = {"Am": (57, 64, 69, 72), "F": (57, 60, 65, 72), "C": (60, 64, 67, 72), "G": (59, 62, 67, 74)}
CHOIR_CHORDS = {"Am": (64, 69, 72), "F": (65, 69, 72), "C": (64, 67, 72), "G": (62, 67, 71)}


@dataclass(frozen=True, slots=True)
class Note:
    """One note or drum stroke. ``pitch`` is a MIDI note number (drums ignore it)."""

    beat: float
    beats: float
    pitch: int = 60
    level_db: float = 0.0

    @property
    def start_s(self) -> float:
        """Where the note begins."""
        return self.beat * BEAT_S

    @property
    def length_s(self) -> float:
        """How long it is held."""
        return self.beats * BEAT_S


@dataclass(frozen=True, slots=True)
class Syllable:
    """One sung note: a note, its vowel and what the mouth does before it (``s``, ``t``, ``m`` or nothing)."""

    note: Note
    vowel: str
    onset: str = ""


def _bars(first: int, last: int) -> tuple[tuple[float, str], ...]:
    return tuple((float(bar * BEATS_PER_BAR), CHORD_NAMES[bar]) for bar in range(first, last))


def bass_notes() -> tuple[Note, ...]:
    """Return the bass: a syncopated root in the verse, eighths in the chorus."""
    notes = []
    for beat, chord in _bars(VERSE, CHORUS):
        root = BASS_ROOTS[chord]
        notes += [Note(beat, 1.4, root), Note(beat + 1.5, 0.9, root, -2.0), Note(beat + 2.5, 1.0, root + 12, -4.0)]
        notes.append(Note(beat + 3.5, 0.45, root + 7, -3.0))
    for beat, chord in _bars(CHORUS, OUTRO):
        root = BASS_ROOTS[chord]
        notes += [Note(beat + i / 2, 0.46, root, 0.0 if i % 2 == 0 else -3.0) for i in range(7)]
        notes.append(Note(beat + 3.5, 0.45, root + 12, -2.0))
    notes.append(Note(OUTRO * BEATS_PER_BAR, 6.0, BASS_ROOTS["C"]))
    return tuple(notes)


def keys_notes() -> tuple[Note, ...]:
    """Return the keys: broken chords in the intro, then chords with a light answer on the off-beat."""
    notes = []
    for beat, chord in _bars(INTRO, VERSE):
        pattern = KEYS_CHORDS[chord] * 2
        notes += [Note(beat + i / 2, 2.0, pitch, -3.0) for i, pitch in enumerate(pattern)]
    for beat, chord in _bars(VERSE, OUTRO):
        accent_db = -3.0 if beat < CHORUS * BEATS_PER_BAR else 0.0
        for i, pitch in enumerate(KEYS_CHORDS[chord]):
            notes.append(Note(beat + 0.012 * i, 2.3, pitch, accent_db))
            notes.append(Note(beat + 2.5 + 0.012 * i, 1.4, pitch, accent_db - 5.0))
    notes += [Note(OUTRO * BEATS_PER_BAR + 0.05 * i, 7.0, pitch, -2.0) for i, pitch in enumerate((48, 55, 60, 64, 67))]
    return tuple(notes)


def pad_notes() -> tuple[Note, ...]:
    """Return the pad: one chord to a bar, from the chorus to the end."""
    return tuple(Note(beat, 4.2, pitch) for beat, chord in _bars(CHORUS, END) for pitch in PAD_CHORDS[chord])


_STROKES = ((0.0, 1.0), (1.0, 0.5), (1.5, 1.0), (2.5, 0.5), (3.0, 0.5), (3.5, 0.5))
_HIGH_STROKES = ((0.0, 1.5), (1.5, 1.5), (3.0, 1.0))


def guitar_notes(*, high: bool) -> tuple[Note, ...]:
    """Return strummed strings of one guitar: a swell before the chorus, the chorus, and a last chord."""
    chords = HIGH_GUITAR_CHORDS if high else GUITAR_CHORDS
    strokes = _HIGH_STROKES if high else _STROKES
    notes = _strum(chords["G"], FILL_BARS[0] * BEATS_PER_BAR + 2.0, 2.0, -4.0, down=True)
    for beat, chord in _bars(CHORUS, OUTRO):
        for i, (offset, beats) in enumerate(strokes):
            notes += _strum(chords[chord], beat + offset, beats, 0.0 if i == 0 else -2.5, down=i % 2 == 0)
    notes += _strum(chords["C"], OUTRO * BEATS_PER_BAR, 7.0, 0.0, down=True)
    return tuple(notes)


def _strum(pitches: tuple[int, ...], beat: float, beats: float, level_db: float, *, down: bool) -> list[Note]:
    ordered = pitches if down else tuple(reversed(pitches))
    return [Note(beat + 0.022 * i, beats, pitch, level_db - 0.6 * i) for i, pitch in enumerate(ordered)]


_VERSE_PHRASES = (
    (
        (0.5, 0.5, 64),
        (1.0, 0.5, 64),
        (1.5, 0.5, 62),
        (2.0, 1.0, 60),
        (3.0, 0.5, 62),
        (3.5, 1.2, 64),
        (5.0, 0.5, 62),
        (5.5, 1.6, 60),
    ),
    (
        (0.5, 0.5, 64),
        (1.0, 0.5, 67),
        (1.5, 0.5, 64),
        (2.0, 1.6, 62),
        (4.0, 0.5, 62),
        (4.5, 0.5, 62),
        (5.0, 0.5, 59),
        (5.5, 1.4, 62),
    ),
    (
        (0.0, 0.5, 69),
        (0.5, 0.5, 69),
        (1.0, 0.5, 67),
        (1.5, 1.2, 64),
        (3.0, 0.5, 65),
        (3.5, 1.2, 67),
        (5.0, 0.5, 65),
        (5.5, 1.5, 64),
    ),
    (
        (0.5, 0.5, 67),
        (1.0, 0.5, 67),
        (1.5, 0.5, 64),
        (2.0, 1.6, 62),
        (4.0, 0.5, 62),
        (4.5, 0.5, 64),
        (5.0, 0.5, 65),
        (5.5, 2.0, 67),
    ),
)
_CHORUS_PHRASES = (
    ((0.0, 1.5, 72), (1.5, 0.5, 71), (2.0, 1.0, 69), (3.0, 0.9, 67), (4.0, 2.4, 64), (7.0, 0.5, 67), (7.5, 0.5, 69)),
    ((0.0, 1.5, 71), (1.5, 0.5, 69), (2.0, 1.0, 67), (3.0, 0.9, 71), (4.0, 2.5, 72)),
    ((0.0, 1.5, 72), (1.5, 0.5, 71), (2.0, 1.0, 69), (3.0, 0.9, 67), (4.0, 2.4, 67), (7.0, 0.5, 67), (7.5, 0.5, 69)),
    ((0.0, 1.5, 71), (1.5, 0.5, 69), (2.0, 1.0, 71), (3.0, 0.9, 74), (4.0, 1.0, 74), (5.0, 2.6, 71)),
)
_PHRASE_LEVELS_DB = (-8.0, -2.0, 3.0, -6.0, 2.0, 5.0, 0.0, 6.0)
"""A singer who comes close and leans back: what a vocal ride is for."""
_VOWELS = "aeoaieuo"
_ONSETS = ("", "s", "m", "t", "m", "", "t")


def lead_syllables() -> tuple[Syllable, ...]:
    """Return the lead vocal: four verse and four chorus phrases of two bars with rests, and a last long note."""
    notes = []
    for i, phrase in enumerate((*_VERSE_PHRASES, *_CHORUS_PHRASES)):
        start = (VERSE + 2 * i) * BEATS_PER_BAR
        notes += [Note(start + beat, beats, pitch, _PHRASE_LEVELS_DB[i]) for beat, beats, pitch in phrase]
    notes.append(Note(OUTRO * BEATS_PER_BAR, 4.5, 72, 1.0))
    return tuple(Syllable(note, _VOWELS[i % 8], _ONSETS[i % 7]) for i, note in enumerate(notes))


def alternative_syllables() -> tuple[Syllable, ...]:
    """Return a second try at the verse, which the session keeps on a muted track."""
    return tuple(s for s in lead_syllables() if s.note.beat < CHORUS * BEATS_PER_BAR)


def choir_syllables() -> tuple[tuple[Syllable, ...], ...]:
    """Return the backing vocals, lowest part first: one held chord to a bar of the chorus."""
    bars = _bars(CHORUS, OUTRO)
    return tuple(
        tuple(Syllable(Note(beat, 3.7, CHOIR_CHORDS[chord][part]), "oa"[i % 2]) for i, (beat, chord) in enumerate(bars))
        for part in range(3)
    )


def drum_strokes() -> dict[str, tuple[Note, ...]]:
    """Return the strokes on each piece of the kit."""
    strokes: dict[str, list[Note]] = {
        name: [] for name in ("kick", "snare", "hat", "open hat", "tom", "floor tom", "crash")
    }
    strokes["hat"] += [Note(VERSE * BEATS_PER_BAR - 2 + i, 0.5, level_db=-4.0) for i in range(2)]
    for beat, _ in _bars(VERSE, OUTRO):
        chorus, fill = beat >= CHORUS * BEATS_PER_BAR, int(beat) // BEATS_PER_BAR in FILL_BARS
        _add_bar(strokes, beat, chorus=chorus, until=2.0 if fill else 4.0)
        if fill:
            _add_fill(strokes, beat + 2.0)
    for bar in (CHORUS, CHORUS + 4, OUTRO):
        strokes["crash"].append(Note(bar * BEATS_PER_BAR, 4.0))
    strokes["kick"].append(Note(OUTRO * BEATS_PER_BAR, 1.0))
    return {name: tuple(sorted(notes, key=lambda note: note.beat)) for name, notes in strokes.items()}


def _add_bar(strokes: dict[str, list[Note]], beat: float, *, chorus: bool, until: float) -> None:
    kicks = (0.0, 1.5, 2.0, 3.5) if chorus else (0.0, 2.5)
    strokes["kick"] += [Note(beat + at, 1.0, level_db=-2.0 * (at % 1.0)) for at in kicks if at < until]
    strokes["snare"] += [Note(beat + at, 1.0) for at in (1.0, 3.0) if at < until]
    strokes["snare"] += [Note(beat + at, 0.25, level_db=-17.0) for at in (1.75, 2.25) if at < until and not chorus]
    for i in range(int(until * 2)):
        name = "open hat" if chorus and i % 2 else "hat"
        strokes[name].append(Note(beat + i / 2, 0.5, level_db=-4.0 if i % 2 else 0.0))


def _add_fill(strokes: dict[str, list[Note]], beat: float) -> None:
    names = ("snare", "snare", "tom", "tom", "tom", "floor tom", "floor tom", "floor tom")
    for i, name in enumerate(names):
        strokes[name].append(Note(beat + i / 4, 0.5, level_db=-5.0 + 0.6 * i))
    strokes["kick"] += [Note(beat, 0.5, level_db=-3.0), Note(beat + 1.0, 0.5, level_db=-3.0)]
