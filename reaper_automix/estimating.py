"""The command ``estimate``, without printing: the gains that a finished mix holds, as a plan for the session.

The estimate takes the place of a mixer in the pipeline, so scope, re-runs, headroom, envelopes and hosts are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reaper_automix.analysis.gain_estimation import GainEstimate, Method, estimate_gains
from reaper_automix.analysis.gain_sources import open_file
from reaper_automix.audio import levels
from reaper_automix.audio.reader import TrackReader
from reaper_automix.audio.render import HeardGain, session_rate_hz
from reaper_automix.commands import Places, check_places, receipt_data, write_planned
from reaper_automix.errors import INSTALL_TRAINING, MediaError, ModelError, ScopeError, SessionError
from reaper_automix.mixers.hearing import Hearing
from reaper_automix.mixers.registry import levels_only
from reaper_automix.pipeline import Planned, make_plan
from reaper_automix.places import default_target, is_there, open_host, same_file
from reaper_automix.planning import SMALLEST_MOVE_DB, GainDecision
from reaper_automix.progress import Progress, silent
from reaper_automix.receipt import Receipt
from reaper_automix.session import Session, Track
from reaper_automix.settings import MixSettings
from reaper_automix.terminal import Columns

NAME = "estimate"
"""The mixer that plans of this command name."""

NOTED_SIDE_DB = 1.0
"""A smaller difference between left and right is not worth a note."""

_WAYS = {
    "waveform": "waveforms (the mix is little more than its tracks at their levels)",
    "power": "power spectra (the tracks were processed in the mix)",
    "magnitude": "magnitude spectra",
}


@dataclass(frozen=True, slots=True)
class EstimateRequest:
    """What ``estimate`` was asked for. Paths that are None are not written."""

    session: Path
    mix: Path
    method: Method = "auto"
    settings: MixSettings = field(default_factory=MixSettings)
    wanted: tuple[str, ...] = ()
    out: Path | None = None
    dry_run: bool = False
    plan: Path | None = None
    report: Path | None = None
    picture: Path | None = None
    report_audio: bool = True


@dataclass(frozen=True, eq=False)
class Estimated:
    """What ``estimate`` found and did: ``tracks`` are those looked for, in the order of the estimate."""

    estimate: GainEstimate
    tracks: tuple[Track, ...]
    planned: Planned
    receipt: Receipt | None
    outputs: tuple[tuple[str, str], ...]


def estimate(
    request: EstimateRequest, progress: Progress = silent, *, outputs: list[tuple[str, str]] | None = None
) -> Estimated:
    """Find the gains in a mix and write what was asked for; ``outputs`` is told of each file as in ``commands.mix``.

    Raises
    ------
    AutomixError
        Nothing has been written to the project then.
    """
    target = None if request.dry_run else request.out or default_target(request.session, word="estimated")
    host = open_host(request.session, target)
    session = host.read_session()
    _check_places(request, session, target)
    listener = _Listener(request, progress)
    planned = make_plan(
        session, NAME, request.settings, wanted=request.wanted, decide=levels_only(listener.decide), progress=progress
    )
    found, tracks = listener.found()
    warnings = (*remarks(found, tracks, request.mix.name), *listener.remarks, *planned.plan.warnings)
    planned = replace(planned, plan=replace(planned.plan, warnings=warnings))
    outputs = [] if outputs is None else outputs
    also = ("Picture", request.picture, lambda path: _draw(found, [track.title for track in tracks], path))
    places = Places(request.plan, also, target, request.report, report_audio=request.report_audio)
    receipt = write_planned(planned, host, places, outputs, progress)
    return Estimated(found, tracks, planned, receipt, tuple(outputs))


# --- from the estimate to decisions --------------------------------------------------------------------------------


class _Listener:
    """Stands where a mixer stands: is given what was heard of a session, and decides by what the mix holds."""

    def __init__(self, request: EstimateRequest, progress: Progress) -> None:
        self._request = request
        self._progress = progress
        self._found: tuple[GainEstimate, tuple[Track, ...]] | None = None
        self.remarks: tuple[str, ...] = ()

    def found(self) -> tuple[GainEstimate, tuple[Track, ...]]:
        """Return the estimate and its tracks.

        Raises
        ------
        ScopeError
            If the pipeline did not ask for any.
        """
        if self._found is None:
            raise ScopeError(f"{self._request.session}: there is no track to look for in the mix.")
        return self._found

    def decide(self, hearing: Hearing, settings: MixSettings) -> tuple[GainDecision, ...]:
        """Return one change per track in scope; 0 for those that the mix does not hold."""
        del settings
        tracks = self._looked_for(hearing)
        found = self._estimate(hearing.session, tracks)
        self._found = found, tracks
        heard = HeardGain(hearing.session)
        decisions = {
            track.id: _decision(found, number, hearing, track, heard)
            for number, track in enumerate(tracks)
            if track.id in hearing.scope.track_ids
        }
        start_s = hearing.scope.range_s[0]
        still = (GainDecision(i, ((start_s, 0.0),), "left alone") for i in hearing.scope.track_ids)
        return tuple(decisions.get(one.track_id, one) for one in still)

    def _looked_for(self, hearing: Hearing) -> tuple[Track, ...]:
        """Return the tracks that are heard, in scope or not, without those that play the mix itself."""
        tracks = [hearing.session.track(i) for i in hearing.measurements]
        printed = [track for track in tracks if _plays(track, self._request.mix)]
        self.remarks = tuple(f"{track.title}: it is the mix itself, and is left alone." for track in printed)
        return tuple(track for track in tracks if track not in printed)

    def _estimate(self, session: Session, tracks: Sequence[Track]) -> GainEstimate:
        rate_hz = session_rate_hz(session)
        with ExitStack() as stack:
            mix = stack.enter_context(open_file(self._request.mix, rate_hz))
            readers = [stack.enter_context(TrackReader(track, sample_rate_hz=rate_hz)) for track in tracks]
            return estimate_gains(readers, mix, rate_hz, method=self._request.method, progress=self._progress)


def _plays(track: Track, mix: Path) -> bool:
    """Tell whether a track plays the file of the mix."""
    paths = {take.source.path for item in track.items for take in item.takes if take.source.path}
    return any(Path(path).resolve() == mix.resolve() for path in paths)


def _decision(found: GainEstimate, number: int, hearing: Hearing, track: Track, heard: HeardGain) -> GainDecision:
    """Return how a track's level as heard now becomes that of the mix."""
    if not found.heard[number]:
        return GainDecision(track.id, ((hearing.scope.range_s[0], 0.0),), "not heard in the mix")
    sounding = np.flatnonzero(np.isfinite(found.gains_db[number]))
    span = slice(int(sounding[0]), int(sounding[-1]) + 1)
    times_s, wanted_db = found.times_s[span], found.smoothed_db[number, span]
    power_now = np.square(heard.at(track, times_s)).mean(axis=0)
    change_db = wanted_db - levels.energy_to_db(np.maximum(power_now, 1e-12))
    if np.ptp(change_db) <= SMALLEST_MOVE_DB:
        times_s, change_db = times_s[:1], change_db[:1]
    weights = _loudness(hearing, track.id, times_s) * power_now[: times_s.size]
    points = tuple(zip(times_s.tolist(), change_db.tolist(), strict=True))
    return GainDecision(track.id, points, _reason(found, number), tuple(weights.tolist()))


def _loudness(hearing: Hearing, track_id: str, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the loudness (as energy) of a track before its fader at these times."""
    energy = hearing.measurements[track_id].block_energy.sum(axis=0)
    return np.asarray(np.interp(times_s, hearing.block_times_s(track_id), energy)) + 1e-12


def _reason(found: GainEstimate, number: int) -> str:
    low_db, high_db = _span_db(found, number)
    sure = f"give or take {_deviation_db(found, number):.1f} dB"
    part = f"{100.0 * found.share[number]:.0f} % of the mix's energy"
    if found.moves[number]:
        return f"the mix holds it at {low_db:+.1f} to {high_db:+.1f} dB, {sure}; {part}"
    return f"the mix holds it at {found.level_db(number):+.1f} dB, {sure}; {part}"


def _span_db(found: GainEstimate, number: int) -> tuple[float, float]:
    course = found.smoothed_db[number]
    return float(course.min()), float(course.max())


def _deviation_db(found: GainEstimate, number: int) -> float:
    return float(np.median(found.deviations_db[number]))


# --- in words and data ---------------------------------------------------------------------------------------------


def remarks(found: GainEstimate, tracks: Sequence[Track], mix_name: str) -> tuple[str, ...]:
    """Return what the engineer should know about an estimate, in sentences."""
    said = [
        f"Read off {mix_name} by {_WAYS[found.method]}: what the tracks at these gains do not explain of it lies "
        f"at {found.residual_db:.1f} dB."
    ]
    if found.alignment.offset_samples:
        way = "later" if found.offset_s > 0.0 else "earlier"
        said.append(f"The mix has everything {abs(found.offset_s):.3f} s {way} than the session.")
    titles = [track.title for track in tracks]
    for group in found.alike:
        names = ", ".join(titles[i] for i in group)
        said.append(f"{names}: one signal at different levels, so they share one gain; only its sum is known.")
    return (*said, *(line for number, title in enumerate(titles) for line in _about(found, number, title)))


def _about(found: GainEstimate, number: int, title: str) -> list[str]:
    """Return what is special about one track."""
    if not found.heard[number]:
        return [f"{title}: not heard in this mix; its level is left alone."]
    lines: list[str] = []
    lag = found.alignment.lags[number]
    lag_s = found.lag_s(number)
    special = ["inverted in polarity"] if lag.polarity < 0 else []
    if lag_s:
        special.append(
            f"{abs(1e3 * lag_s):.1f} ms ({abs(lag.samples or 0)} samples) {'late' if lag_s > 0 else 'early'}"
        )
    if special:
        lines.append(f"{title}: the mix holds it {' and '.join(special)}; nothing is changed about that.")
    side_db = found.side_db[number]
    if abs(side_db) >= NOTED_SIDE_DB:
        side = "left" if side_db > 0.0 else "right"
        lines.append(f"{title}: {abs(side_db):.1f} dB more {side} in the mix; its pan is left to you.")
    return lines


def estimated_table(estimated: Estimated) -> Columns:
    """Return the estimate track by track, as a table."""
    headings = ("Track", ">Gain dB", ">+-", "Ride dB", ">Part %", ">Lag ms", "Polarity", ">L-R dB")
    found = estimated.estimate
    return Columns(headings, tuple(_row(found, i, track.title) for i, track in enumerate(estimated.tracks)))


def _row(found: GainEstimate, number: int, title: str) -> tuple[str, ...]:
    if not found.heard[number]:
        return (title, "not heard", "", "", "", "", "", "")
    low_db, high_db = _span_db(found, number)
    lag_s = found.lag_s(number)
    return (
        title,
        f"{found.level_db(number):+.1f}",
        f"{_deviation_db(found, number):.1f}",
        f"{low_db:+.1f} to {high_db:+.1f}" if found.moves[number] else "",
        f"{100.0 * found.share[number]:.0f}",
        "?" if lag_s is None else f"{1e3 * lag_s:.1f}",
        {1: "", 0: "?", -1: "inverted"}[found.alignment.lags[number].polarity],
        f"{found.side_db[number]:+.1f}",
    )


def estimated_data(estimated: Estimated) -> dict[str, Any]:
    """Return what ``estimate`` found and did, for programs to read."""
    found = estimated.estimate
    return {
        "outputs": {label.lower(): path for label, path in estimated.outputs},
        "method": found.method,
        "residual_db": round(found.residual_db, 2),
        "waveform_residual_db": round(found.waveform_residual_db, 2),
        "offset_s": round(found.offset_s, 6),
        "times_s": found.times_s.round(3).tolist(),
        "tracks": [_track_data(found, i, track) for i, track in enumerate(estimated.tracks)],
        "moves": len(estimated.planned.plan.moves),
        "warnings": list(estimated.planned.plan.warnings),
        **({} if estimated.receipt is None else receipt_data(estimated.receipt)),
    }


def _track_data(found: GainEstimate, number: int, track: Track) -> dict[str, Any]:
    lag = found.alignment.lags[number]
    heard = found.heard[number]
    return {
        "id": track.id,
        "name": track.title,
        "heard": heard,
        "gain_db": _number(found.level_db(number)) if heard else None,
        "deviation_db": _number(_deviation_db(found, number)) if heard else None,
        "moves": found.moves[number],
        "share": round(found.share[number], 4),
        "left_minus_right_db": round(found.side_db[number], 2),
        "lag_samples": lag.samples,
        "polarity": {1: "normal", 0: "unknown", -1: "inverted"}[lag.polarity],
        "gains_db": [_number(gain) for gain in found.gains_db[number].tolist()],
        "smoothed_db": [_number(gain) for gain in found.smoothed_db[number].tolist()],
    }


def _number(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None


# --- the pieces ----------------------------------------------------------------------------------------------------


def _check_places(request: EstimateRequest, session: Session, target: Path | None) -> None:
    """Refuse places that cannot be written, before any work is done; the mix is no place."""
    check_places(session, target, request.plan, request.report, request.picture)
    if not is_there(request.mix):
        raise MediaError(f"{request.mix}: the file is missing. Give the audio of the finished mix.")
    for path in (target, request.plan, request.report, request.picture):
        if path is not None and same_file(path, request.mix):
            raise SessionError(f"{path}: this is the mix and would be lost. Give another name.")
    if request.picture is not None:
        _drawing()


def _drawing() -> Callable[[GainEstimate, Sequence[str], Path], None]:
    try:
        from reaper_automix.estimate_picture import save_picture
    except ImportError as error:
        raise ModelError(f"--picture needs {error.name}, which is not installed. {INSTALL_TRAINING}") from None
    return save_picture


def _draw(found: GainEstimate, titles: Sequence[str], path: Path) -> None:
    _drawing()(found, titles, path)
