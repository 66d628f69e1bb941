"""Takes of ENST-Drums as sessions, their gains recovered from the dry mix as the paper does."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reaper_automix.analysis.drum_features import microphone_features
from reaper_automix.analysis.drum_levels import balanced_db
from reaper_automix.analysis.drum_strokes import stroke_features
from reaper_automix.analysis.loudness import Audio
from reaper_automix.analysis.role_names import guess_role
from reaper_automix.errors import CorpusError
from reaper_automix.role_vocabulary import DrumMic
from reaper_automix.training.corpora.contract import CorpusSong
from reaper_automix.training.corpora.loading import read_audio
from reaper_automix.training.drums.dataset import DrumSession
from reaper_automix.training.drums.engineers import LOWEST_DB
from reaper_automix.training.drums.heard import FeaturesOf, heard
from reaper_automix.training.drums.least_squares import recover_levels
from reaper_automix.training.drums.separation import own_parts_db

ENST_ENGINEER = "enst"


def enst_session(song: CorpusSong, *, features_of: FeaturesOf = microphone_features) -> DrumSession:
    """Return a take of ENST-Drums, its gains recovered from its dry mix summed to mono.

    The gains that are meant are those that were found, ``hits`` is the drummer (no two share a hit), ``style`` what the
    take is called. Tracks whose names say no microphone help to explain the mix and are left out then.

    Raises
    ------
    CorpusError
        If a file cannot be read, rates differ, or no track is a known microphone.
    """
    if song.mix is None:
        raise CorpusError(f"{song.id}: has no mix to recover gains from. Leave it out.")
    mixed, rate_hz = _mono(song.mix)
    tracks = [_mono(track.path) for track in song.tracks]
    if any(rate != rate_hz for _, rate in tracks) or not tracks:
        raise CorpusError(f"{song.id}: {len(tracks)} tracks, rates differ from {rate_hz} Hz of its mix. Convert them.")
    length = max(audio.size for audio, _ in tracks)
    audio = np.stack([np.pad(audio, (0, length - audio.size)) for audio, _ in tracks])
    gains_db = recover_levels(audio, mixed, rate_hz).gains_db
    mics = [_mic_of(track.name) for track in song.tracks]
    kept = [index for index, mic in enumerate(mics) if mic is not None]
    if not kept:
        names = ", ".join(track.name for track in song.tracks)
        raise CorpusError(f"{song.id}: none of its tracks is a known microphone ({names}). Check the folder names.")
    microphones = tuple(mic for mic in mics if mic is not None)
    loudness_lufs, features = heard(audio[kept], rate_hz, features_of)
    sounds = np.isfinite(loudness_lufs)
    at_one_db = balanced_db(np.where(sounds, np.where(sounds, loudness_lufs, 0.0) + gains_db[kept], -200.0))
    level_db = balanced_db(np.maximum(at_one_db, LOWEST_DB))
    return DrumSession(
        name=f"{song.corpus}/{song.id}",
        performance=song.id,
        hits=song.author,
        style=_style_of(song.title),
        microphones=microphones,
        features=features,
        strokes=stroke_features(list(audio[kept]), microphones, rate_hz),
        loudness_lufs=loudness_lufs,
        own_parts_db=own_parts_db(list(audio[kept]), microphones, rate_hz),
        gains_db={ENST_ENGINEER: level_db},
        meant_db={ENST_ENGINEER: level_db.copy()},
    )


def _mic_of(name: str) -> DrumMic | None:
    """Return the microphone that a track is named after; a kick drum or snare with one is heard at its usual place."""
    guess = guess_role(name)
    if guess is None or guess.mic is not None:
        return None if guess is None else guess.mic
    usual = {DrumMic.KICK_IN.role: DrumMic.KICK_IN, DrumMic.SNARE_TOP.role: DrumMic.SNARE_TOP}
    return usual.get(guess.role)


def _style_of(title: str) -> str:
    """Return the kind of music of a take ``036_phrase_disco_simple_slow_sticks``."""
    words = title.split("_")
    return words[2] if len(words) > 2 and words[1] == "phrase" else words[-1]


def _mono(path: Path) -> tuple[Audio, int]:
    audio, rate_hz = read_audio(path, "Copy this take again.")
    return audio.sum(axis=0, dtype=np.float32), rate_hz
