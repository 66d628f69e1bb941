"""A channel strip as moves: polarity, pan, ReaEQ, ReaComp and a send, with settings that suit the track as it is.

A strip is for a track at one loudness, with a gain of its own before everything else. Here the track stays as it is,
and both gains go to where they come out the same: the equaliser is linear, so that the threshold of the compressor goes
down by them and the fader up. What the plug-in cannot hold of the make-up goes to the fader as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from reaper_automix.audio.panning import balance
from reaper_automix.effect_settings.compressor import THRESHOLD, CompressorSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.mixers.inserts import BUS, SEND_DB, Inserts
from reaper_automix.mixers.strip_manners import Mannered, compresses, heard_bands
from reaper_automix.mixers.strip_parameters import StripSettings
from reaper_automix.mixplan import BusMove, Move, PanMove, PolarityMove, SendMove, TrackRef, bus_ref
from reaper_automix.session import TAG_PREFIX, Session, Track
from reaper_automix.units import SILENCE_DB, lin_to_db

PLUGIN_STEPS = ("equaliser", "compressor", "reverb")


@dataclass(frozen=True, slots=True)
class ChannelMoves:
    """The moves of one strip but its fader.

    Parameters
    ----------
    moves : tuple of Move
    makeup_db : float
        What the plug-in holds of the make-up; the rest is the fader's.
    unsaid : tuple of str
        Bounds that left no move to say them.
    """

    moves: tuple[Move, ...]
    makeup_db: float
    unsaid: tuple[str, ...]


def channel_moves(
    track: Track, found: Mannered, gain_db: float, inserts: Inserts, *, n_channels: int, source: str, sends_by_db: float
) -> ChannelMoves:
    """Return the moves of a strip.

    Parameters
    ----------
    track : Track
    found : Mannered
        The strip for the track at the common loudness.
    gain_db : float
        What brings the track there, and the strip's own gain.
    inserts : Inserts
        Chooses the plug-ins.
    n_channels : int
        Of the track.
    source : str
        Who suggests the strip.
    sends_by_db : float
        To be added to a send.
    """
    ref, strip = TrackRef(track.id, track.title), found.strip
    moves: list[Move] = []
    if strip.inverted and not track.polarity_inverted:
        moves.append(PolarityMove(ref, False, True, f"upside down ({source})"))
    if not track.is_panned and strip.pan != 0.0:
        moves.append(PanMove(ref, track.pan, strip.pan, f"{_place(strip.pan)} ({source})"))
    said = dict(found.bounds)
    bands = heard_bands(strip.equaliser)
    if bands.bands:
        reason = _reason(f"its tone ({source})", said.pop("equaliser", ""))
        moves.append(inserts.move(ref, inserts.plugin("equaliser", n_channels), bands, reason))
    makeup_db = 0.0
    if compresses(strip.compressor):
        reduces = f"reduces the gain by {found.reduction_db:.1f} dB in the mean while it sounds ({source})"
        plugin = inserts.plugin("compressor", n_channels)
        settings = _held_makeup(plugin, folded(strip.compressor, gain_db), inserts)
        makeup_db = settings.makeup_db
        moves.append(inserts.move(ref, plugin, settings, _reason(reduces, said.pop("compressor", ""))))
    if strip.send_db > SILENCE_DB:
        level_db = min(max(strip.send_db + sends_by_db, SEND_DB[0]), SEND_DB[1])
        below = f"its reverb is {-found.reverb_lu:.0f} LU below it ({source})"
        moves.append(SendMove(ref, BUS, level_db, reason=_reason(below, said.pop("reverb", ""))))
    return ChannelMoves(tuple(moves), makeup_db, tuple(said.values()))


def bus_moves(reverb: ReverbSettings, moves: Sequence[Move], inserts: Inserts, source: str) -> list[Move]:
    """Return the moves that make the bus and its reverb; none where nothing is sent there."""
    senders = sum(isinstance(move, SendMove) for move in moves)
    if not senders:
        return []
    reason = f"one reverb for {senders} track{'s' if senders > 1 else ''} ({source})"
    return [BusMove(BUS, reason), inserts.move(bus_ref(BUS), inserts.plugin("reverb", 2), reverb, reason)]


def folded(compressor: CompressorSettings, gain_db: float) -> CompressorSettings:
    """Return the compressor for the track as it is, of which so much gain before it is taken away."""
    return replace(compressor, threshold_db=THRESHOLD.clamp(compressor.threshold_db - gain_db))


def within_reach(compressor: CompressorSettings, gain_db: float) -> CompressorSettings:
    """Return the compressor with the nearest threshold that can be folded."""
    return replace(compressor, threshold_db=folded(compressor, gain_db).threshold_db + gain_db)


def stages_taken(session: Session, track: Track) -> dict[str, str]:
    """Return the steps that write plug-ins or sends and cannot be done on a track, and why.

    A plug-in of ours that another mixer's run has set is part of what is heard; a second one would do its work twice.
    """
    if track.frozen or track.effects_bypassed:
        state = "is frozen" if track.frozen else "has its plug-ins bypassed"
        return dict.fromkeys(("equaliser", "compressor"), f"the track {state}")
    here = "one of an earlier run is there and stays"
    taken = {step: here for step in ("equaliser", "compressor") if track.effects_tagged(f"{TAG_PREFIX}{step}")}
    bus = bus_track(session)
    return taken | ({"reverb": here} if bus is not None and bus.send_from(track.id) is not None else {})


def bus_track(session: Session) -> Track | None:
    """Return the reverb bus of an earlier run, None where there is none."""
    bus_id = bus_ref(BUS).id
    return next((track for track in session.tracks if track.id == bus_id), None)


def standing_reverb(session: Session) -> ReverbSettings | None:
    """Return what the reverb on the bus of an earlier run is set to, None where there is none."""
    bus = bus_track(session)
    slots = bus.effects_played() if bus is not None else ()
    return next((slot.settings for slot in slots if isinstance(slot.settings, ReverbSettings)), None)


def without_steps(strip: StripSettings, steps: Collection[str]) -> StripSettings:
    """Return a strip of which only these steps do something; level and pan stay."""
    flat = tuple(replace(band, gain_db=0.0) for band in strip.equaliser.bands)
    if "equaliser" not in steps:
        strip = replace(strip, equaliser=replace(strip.equaliser, bands=flat))
    if "compressor" not in steps:
        strip = replace(strip, compressor=replace(strip.compressor, ratio=1.0, makeup_db=0.0))
    return strip if "reverb" in steps else replace(strip, send_db=SILENCE_DB)


def sends_by_db(session: Session) -> float:
    """Return what a send has to be louder by, because the bus lies at the centre of the project's pan law."""
    return -lin_to_db(float(balance(0.0, session.pan_law_db)[0]))


def _held_makeup(plugin: str, settings: CompressorSettings, inserts: Inserts) -> CompressorSettings:
    """Return settings whose make-up the plug-in has."""
    held = inserts.nearest(plugin, settings)
    return replace(settings, makeup_db=held.makeup_db) if isinstance(held, CompressorSettings) else settings


def _place(pan: float) -> str:
    return f"{abs(pan):.0%} {'left' if pan < 0.0 else 'right'}"


def _reason(why: str, bound: str) -> str:
    return f"{why}; {bound}" if bound else why
