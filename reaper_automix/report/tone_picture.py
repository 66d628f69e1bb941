"""The tone of a track as a picture: its spectrum and the one it should have, and the equaliser that leads there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from markupsafe import Markup

from reaper_automix.analysis.mel_spectra import N_MELS, Mels, mel_centres_hz
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.wording import settings_words
from reaper_automix.effects.equaliser import response_db
from reaper_automix.report import figure
from reaper_automix.report.scale import Scale
from reaper_automix.report.spectrogram import spectrogram
from reaper_automix.report.wording import track_title

Point = tuple[float, float]
"""Frequency in Hz and level or gain in dB."""

_LOWEST_HZ, _HIGHEST_HZ = 20.0, 20_000.0
_N_CURVE = 160
_HIGHEST_RELATIVE = 0.49
"""Of a sample rate: beyond its half an equaliser has no response, and a track no sound."""
_SPECTRUM, _GAIN = (22, 150), (192, 316)
_DEPTH_DB = 60.0
_BAR_OCT = 0.14
_LABELS = (
    (31.5, "31"),
    (63.0, "63"),
    (125.0, "125"),
    (250.0, "250"),
    (500.0, "500"),
    (1_000.0, "1k"),
    (2_000.0, "2k"),
    (4_000.0, "4k"),
    (8_000.0, "8k"),
    (16_000.0, "16k"),
)
_GAINS = Scale(-12.0, 12.0, 6.0)
_LEVELS = Scale(-_DEPTH_DB, 6.0, 20.0, clipped=True)


@dataclass(frozen=True, slots=True)
class ToneRow:
    """One track's tone as the run leaves it.

    Parameters
    ----------
    track, group : str
        Its title, and the group of instruments it belongs to.
    start_s : float
        Where its loudest ten seconds begin, in seconds of the project.
    spectrum : sequence of (frequency in Hz, dB)
        Of those, in thirds of an octave.
    target : sequence of (frequency in Hz, dB)
        The curve that the track should have, within the limits.
    equaliser : EqualiserSettings
        As written; without bands: none.
    distance_db, curve_rms_db : float
        Of the fitted bands to the target at full strength, and of the target to a flat line.
    remarks : tuple of str
        What was held back or left out, and why.
    mels_db : ndarray of float32, shape (128, n_frames)
        Its loudest ten seconds in the bands of ``analysis.mel_spectra``; without frames there are no spectrograms.
    """

    track: str
    group: str
    start_s: float
    spectrum: Sequence[Point]
    target: Sequence[Point]
    equaliser: EqualiserSettings
    distance_db: float
    curve_rms_db: float
    remarks: tuple[str, ...] = ()
    mels_db: Mels = field(default_factory=lambda: np.zeros((N_MELS, 0), np.float32))


def spectrograms(row: ToneRow, sample_rate_hz: int) -> Markup:
    """Return the loudest ten seconds as they are, as they should be, and behind the equaliser; nothing without them."""
    if not row.mels_db.shape[1]:
        return Markup("")
    at_hz = mel_centres_hz()
    target_hz, target_db = (np.array(column) for column in zip(*row.target, strict=True))
    wanted_db = np.interp(np.log(at_hz), np.log(target_hz), target_db)
    shown = [("as it is", np.zeros_like(at_hz)), ("as it should be", wanted_db)]
    if row.equaliser.bands:
        played_hz = np.minimum(at_hz, _HIGHEST_RELATIVE * sample_rate_hz)
        shown.append(("behind the equaliser", response_db(row.equaliser, played_hz, sample_rate_hz)))
    loudest_db = float(row.mels_db.max())
    pictures = Markup("").join(
        Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(
            spectrogram(
                row.mels_db + np.asarray(gain_db, np.float32)[:, np.newaxis],
                loudest_db,
                f"Spectrogram of {row.track}, {words}",
            ),
            words,
        )
        for words, gain_db in shown
    )
    return Markup('<div class="spectrograms">{}</div>').format(pictures)


def tone_picture(row: ToneRow, sample_rate_hz: int) -> Markup:
    """Return the picture of one track; what it says is its label."""
    bands = settings_words(row.equaliser) if row.equaliser.bands else "none"
    said = (
        f"{track_title(row.track)}: spectrum of its loudest ten seconds in thirds of an octave, the spectrum it should "
        f"have, and the curve between them; equaliser: {bands}."
    )
    highest_hz = min(_HIGHEST_HZ, 0.499 * sample_rate_hz)
    parts = [*_spectra(row), *_gains(row, sample_rate_hz, highest_hz)]
    parts += [figure.text(_hz_x(f), _GAIN[1] + 22, words, "middle") for f, words in _LABELS]
    parts.append(figure.text(figure.LEFT - 6, _GAIN[1] + 22, "Hz", "end"))
    return figure.picture(_GAIN[1] + 30, said, parts)


def _spectra(row: ToneRow) -> list[Markup]:
    """Draw the raw spectrum as bars, and over it the line that it should have."""
    top, bottom = _SPECTRUM
    loudest_db = max((level_db for _, level_db in row.spectrum), default=0.0)
    raw = [(f, level_db - loudest_db) for f, level_db in row.spectrum]
    parts = [figure.text(figure.LEFT, top - 10, "Thirds of an octave beside the loudest, dB", "start")]
    parts.append(_lines(top, bottom))
    parts += [_bar(point, top, bottom) for point in raw if point[1] > _LEVELS.low]
    parts.append(figure.level_lines(_LEVELS, top, bottom))
    wanted = [(f, level_db + _at(row.target, f)) for f, level_db in raw if _inside(row.target, f)]
    return [*parts, _path("wanted", wanted, _LEVELS, top, bottom)]


def _gains(row: ToneRow, sample_rate_hz: int, highest_hz: float) -> list[Markup]:
    """Draw the wanted curve, and over it the one of the equaliser with a dot for each band."""
    top, bottom = _GAIN
    parts = [figure.text(figure.LEFT, top - 10, "Wanted, and the equaliser, dB", "start"), _lines(top, bottom)]
    parts.append(figure.level_lines(_GAINS, top, bottom))
    parts.append(_path("before", row.target, _GAINS, top, bottom))
    if not row.equaliser.bands:
        return parts
    frequencies = np.geomspace(_LOWEST_HZ, highest_hz, _N_CURVE)
    played_db = response_db(row.equaliser, frequencies, sample_rate_hz)
    curve = list(zip(frequencies.tolist(), played_db.tolist(), strict=True))
    parts.append(_path("after", curve, _GAINS, top, bottom))
    for band in row.equaliser.bands:
        if band.frequency_hz < highest_hz:
            x, y = _hz_x(band.frequency_hz), figure.level_y(_GAINS, _at(curve, band.frequency_hz), top, bottom)
            place = y - 9 if band.gain_db > 0.0 else y + 18
            parts += [figure.dot("after", x, y, 4.5), figure.text(x, place, f"{band.gain_db:+.1f}", "middle", "mark")]
    return parts


def _lines(top: int, bottom: int) -> Markup:
    line = Markup('<path class="grid" d="M{:g} {}V{}"/>')
    return Markup("").join(line.format(_hz_x(f), top, bottom) for f, _ in _LABELS)


def _bar(point: Point, top: int, bottom: int) -> Markup:
    left, right = (_hz_x(point[0] * 2.0**half) for half in (-_BAR_OCT, _BAR_OCT))
    y = figure.level_y(_LEVELS, point[1], top, bottom)
    return Markup('<path class="wave edged" d="M{:g} {}V{:g}H{:g}V{}z"/>').format(left, bottom, y, right, bottom)


def _path(css_class: str, points: Sequence[Point], scale: Scale, top: int, bottom: int) -> Markup:
    if not points:
        return Markup("")
    path = "L".join(f"{_hz_x(f):g} {figure.level_y(scale, level_db, top, bottom):g}" for f, level_db in points)
    return Markup('<path class="{}" d="M{}"/>').format(css_class, path)


def _inside(points: Sequence[Point], frequency_hz: float) -> bool:
    return bool(points) and points[0][0] * 0.99 <= frequency_hz <= points[-1][0] * 1.01


def _at(points: Sequence[Point], frequency_hz: float) -> float:
    hz, values = zip(*points, strict=True)
    return float(np.interp(math.log(frequency_hz), np.log(hz), values))


def _hz_x(frequency_hz: float) -> float:
    share = math.log(frequency_hz / _LOWEST_HZ) / math.log(_HIGHEST_HZ / _LOWEST_HZ)
    return round(figure.LEFT + share * (figure.RIGHT - figure.LEFT), 1)
