"""Songs of which the human's ride is known, as the experiments on rides hear and see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from reaper_automix.analysis.features import COLUMNS, columns_of
from reaper_automix.analysis.loudness import BLOCK_S, integrated_lufs
from reaper_automix.analysis.roles import Role
from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.rides.listening import RiddenSong, RiddenTrack
from reaper_automix.training.rides.showing import ShownSong, ShownTrack

REST_GAIN_DB = -3.0


def slow_course(rng: np.random.Generator, n_steps: int, width: int = 8) -> np.ndarray:
    """Return smooth noise of mean 0 and deviation 1, (n_steps,)."""
    window = np.hanning(width + 2)
    course = np.convolve(rng.standard_normal(n_steps + width), window, mode="same")[:n_steps]
    return (course - course.mean()) / course.std()


# --- what a model is shown -----------------------------------------------------------------------------------------


def shown_track(track_id: str, features: np.ndarray, gain_db: np.ndarray, counts: np.ndarray | None = None):
    """Make a track of these features, (n_steps, n_columns), and this gain."""
    counts = np.ones(gain_db.size, np.bool_) if counts is None else counts
    return ShownTrack(track_id, None, features, counts * 0.01, gain_db, counts, -23.0, moves=True)


def noise_track(track_id: str, rng: np.random.Generator, n_steps: int = 40) -> ShownTrack:
    """Make a track whose features and gain have nothing to do with each other."""
    gain_db = REST_GAIN_DB + 3.0 * slow_course(rng, n_steps)
    return shown_track(track_id, rng.standard_normal((n_steps, len(COLUMNS))), gain_db)


def telling_track(track_id: str, rng: np.random.Generator, feature: str, n_steps: int = 40) -> ShownTrack:
    """Make a track of which one feature tells its linear gain, and the others tell nothing."""
    track = noise_track(track_id, rng, n_steps)
    gain_lin = 10.0 ** (track.gain_db / 20.0)
    track.features[:, columns_of(feature)] = (10.0 * gain_lin + 0.1 * rng.standard_normal(n_steps))[:, None]
    return track


def shown_song(number: int, tracks: Sequence[ShownTrack], author: str = "") -> ShownSong:
    """Make a song; its author is its own unless one is named."""
    return ShownSong("c", f"s{number}", author or f"a{number}", Usage.TRAIN, tuple(tracks))


def telling_songs(n_songs: int, feature: str = "centroid", authors: str = "", seed: int = 0) -> list[ShownSong]:
    """Make songs of a bass whose gain one of its features tells, beside two other tracks that tell nothing."""
    rng = np.random.default_rng(seed)
    return [
        shown_song(
            number,
            [telling_track("bass", rng, feature), noise_track("drums", rng), noise_track("vocals", rng)],
            authors[number % len(authors)] if authors else "",
        )
        for number in range(n_songs)
    ]


# --- what is heard of a corpus -------------------------------------------------------------------------------------


def ridden_track(
    track_id: str, energy: np.ndarray, gain_db: np.ndarray, *, role: Role | None = None, moves: bool = True
) -> RiddenTrack:
    """Make a track of energies and gains per 100 ms, (n_blocks,); its features are nothing."""
    features = np.zeros((energy.size, len(COLUMNS)), np.float32)
    loudness_lufs = integrated_lufs(energy[None])
    return RiddenTrack(track_id, track_id, role, energy, features, gain_db, loudness_lufs, moves)


def ridden_song(number: int, tracks: Sequence[RiddenTrack], author: str = "", usage: Usage = Usage.TRAIN) -> RiddenSong:
    """Make a song of tracks without groups."""
    return RiddenSong("c", f"s{number}", author or f"a{number}", "CC0-1.0", usage, tuple(tracks), ())


Rule = Callable[[np.ndarray], np.ndarray]
"""From the level of everything else, in dB per 100 ms, to the human's gain."""


def ridden_songs(n_songs: int, rule: Rule, *, seconds: int = 90, usages: Mapping[int, Usage] | None = None):
    """Make songs, each by another author, whose lead is ridden by a rule of what plays beside it."""
    rng = np.random.default_rng(4)
    songs = []
    for number in range(n_songs):
        n_steps = round(seconds / BLOCK_S)
        band_db = -25.0 + 6.0 * slow_course(rng, n_steps, width=300)
        lead_db = -20.0 + 2.0 * rng.standard_normal(n_steps)
        lead = ridden_track("lead", 10.0 ** (lead_db / 10.0), rule(band_db))
        band = ridden_track("band", 10.0 ** (band_db / 10.0), np.zeros(n_steps), moves=False)
        songs.append(ridden_song(number, [lead, band], usage=(usages or {}).get(number, Usage.TRAIN)))
    return songs
