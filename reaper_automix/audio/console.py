"""The offline console: a session's items through faders, envelopes, sends, folders and the master, to stereo.

Signal flow of a track: items, children of a folder and receives are added; polarity, pre-FX envelopes; the plug-ins of
ours (no others are heard); Volume fader and envelope, Trim Volume, VCA leaders; pan with pan law; mute; then the folder
or the master. Pre-FX sends are taken after the pre-FX envelopes, pre-fader sends after the plug-ins, post-fader sends
after the pan. What is assumed about REAPER is written in ``strip``, ``panning``, ``routing``, ``reader`` and ``fades``.

On a track without plug-ins of ours everything is linear, and each of its connections is one 2x2 gain from its input:
with static faders it costs one multiplication and one addition per sample and mix. Plug-ins need the sum of what enters
them, and remember what came before.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reaper_automix.audio.curves import BlockClock, Clock, Gain, TimesClock, total
from reaper_automix.audio.media import Audio
from reaper_automix.audio.panning import UNITY, Matrix, chain
from reaper_automix.audio.routing import Cord, routing_of
from reaper_automix.audio.strip import MasterStrip, SendStrip, strip_of
from reaper_automix.effects.rack import Rack
from reaper_automix.errors import MediaError
from reaper_automix.session import SendMode, Session, Track

_PAIRS = 2048


@dataclass(frozen=True, slots=True, eq=False)
class _Output:
    """A connection of a track with the stage it leaves from."""

    target_id: str | None
    mode: SendMode
    send: SendStrip | None


class Console:
    """Adds the tracks of one session up, block by block.

    Without plug-ins of ours it keeps no state between blocks. With them the blocks have to come in sequence, and what
    is heard in the first ``memory_s`` after the start is not yet what it would be further on in the session.

    Parameters
    ----------
    session : Session
        Whose mixing values count.
    sample_rate_hz : int
        Rate of the blocks.
    """

    def __init__(self, session: Session, sample_rate_hz: int) -> None:
        routing = routing_of(session)
        self._routing_notes = routing.notes
        self._rate_hz = sample_rate_hz
        self._order = routing.order
        self._strips = {track_id: strip_of(session, session.track(track_id)) for track_id in routing.order}
        self._outputs = {i: _outputs_of(session, i, routing.from_track(i)) for i in routing.order}
        self._master = MasterStrip(session)
        self._racks = _racks_of(session, routing.order, sample_rate_hz)
        self._titles = {track_id: session.track(track_id).title for track_id in self._racks}
        self._next_sample: int | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be connected, and what effects cannot play at this rate, in words."""
        told = (f"'{self._titles[i]}': {note}." for i, rack in self._racks.items() for note in rack.notes)
        return (*self._routing_notes, *told)

    @property
    def memory_s(self) -> float:
        """How much of what came before decides what is heard; 0 without effects."""
        needed: dict[str | None, float] = {}
        for track_id in self._order:
            rack = self._racks.get(track_id)
            need_s = needed.get(track_id, 0.0) + (0.0 if rack is None else rack.memory_s)
            for output in self._outputs[track_id]:
                needed[output.target_id] = max(needed.get(output.target_id, 0.0), need_s)
        return needed.get(None, 0.0)

    @property
    def track_ids(self) -> frozenset[str]:
        """The tracks whose items can be heard: not muted, not soloed away, and connected to the master."""
        if self._master.muted:
            return frozenset()
        return frozenset(i for i in self._order if any(self._is_open(i, o) for o in self._outputs[i]))

    def memory_from_s(self, track_id: str) -> float:
        """How much of what a track played before decides what is heard of it now."""
        rack = self._racks.get(track_id)
        further = [o.target_id for o in self._outputs.get(track_id, ()) if o.target_id is not None]
        behind_s = max((self.memory_from_s(target_id) for target_id in further), default=0.0)
        return behind_s + (0.0 if rack is None else rack.memory_s)

    def at_rest(self) -> Console:
        """Return the same console, whose effects have heard nothing yet: it can start anywhere."""
        fresh = copy.copy(self)
        fresh._racks = {track_id: rack.at_rest() for track_id, rack in self._racks.items()}
        fresh._next_sample = None
        return fresh

    def process(self, start_sample: int, tracks: Mapping[str, Audio], *, n_samples: int | None = None) -> Audio:
        """Return the master, float32 (2, n_samples), for one block.

        Parameters
        ----------
        start_sample : int
            Place of the block in the session.
        tracks : mapping of str to ndarray, float32 (1 or 2, n_samples)
            Item audio by track id, as ``TrackReader`` returns it; a missing track is silent. Not modified.
        n_samples : int, optional
            Length of the block; needed only where ``tracks`` may be empty.

        Raises
        ------
        ValueError
            If effects play and this block does not begin where the last one ended.
        MediaError
            If what enters an effect is not a number.
        """
        n = next(iter(tracks.values())).shape[1] if n_samples is None else n_samples
        self._check_sequence(start_sample, n)
        clock = BlockClock(start_sample, n, self._rate_hz)
        desk = _Desk(n)
        for track_id in self._order:
            self._play(track_id, desk.inputs(track_id, tracks.get(track_id)), desk, clock)
        return desk.master(self._master.at(clock))

    def path_gains(self, track_id: str, clock: Clock) -> Matrix:
        """Return the gains of a track's way to the master: through its folders, else summed over its sends.

        Where a track has a master send, its other sends (to a reverb, say) do not count. All 0 where it is cut. Effects
        are left out.
        """
        outputs = self._outputs.get(track_id, ())
        direct = [o for o in outputs if o.send is None]
        ways = direct or [o for o in outputs if self._is_open(track_id, o)]
        summed: Matrix = (0.0, 0.0, 0.0, 0.0)
        for output in ways:
            further = self._master.at(clock) if output.target_id is None else self.path_gains(output.target_id, clock)
            entering = self._strips[track_id].input_at(clock)
            way = chain(further, self._gains(track_id, output, clock, entering))
            ll, rl, lr, rr = (total(one, other) for one, other in zip(summed, way, strict=True))
            summed = (ll, rl, lr, rr)
        return summed

    def _is_open(self, track_id: str, output: _Output) -> bool:
        if output.send is not None and output.send.is_closed:
            return False
        return output.mode != SendMode.POST_FADER or not self._strips[track_id].is_closed

    def _gains(self, track_id: str, output: _Output, clock: Clock, matrix: Matrix) -> Matrix:
        """Return the gains of a connection after those of ``matrix``."""
        if output.mode == SendMode.POST_FADER:
            matrix = chain(self._strips[track_id].output_at(clock), matrix)
        return matrix if output.send is None else chain(output.send.at(clock), matrix)

    def _play(self, track_id: str, inputs: list[Audio], desk: _Desk, clock: BlockClock) -> None:
        """Add a track's inputs, and what its effects make of them, to where its connections lead."""
        rack = self._racks.get(track_id)
        if not inputs and (rack is None or rack.is_resting):
            return
        outputs = [o for o in self._outputs[track_id] if self._is_open(track_id, o)]
        entering = self._strips[track_id].input_at(clock)
        for audio in inputs:
            for output in outputs:
                if rack is None or output.mode == SendMode.PRE_FX:
                    desk.add(output.target_id, audio, self._gains(track_id, output, clock, entering))
        after_effects = [o for o in outputs if o.mode != SendMode.PRE_FX]
        if rack is None or not after_effects:
            return
        played = self._through(rack, track_id, desk.gathered(track_id, inputs, entering))
        for output in after_effects:
            desk.add(output.target_id, played, self._gains(track_id, output, clock, UNITY))

    def _through(self, rack: Rack, track_id: str, audio: Audio) -> Audio:
        try:
            return rack.process(audio)
        except MediaError as error:
            raise MediaError(f"{self._titles[track_id]}: {error}") from None

    def _check_sequence(self, start_sample: int, n_samples: int) -> None:
        if not self._racks:
            return
        if self._next_sample not in (None, start_sample):
            raise ValueError(
                f"a block from sample {start_sample} on, expected {self._next_sample}: effects remember what came "
                "before, so blocks come in sequence; to start elsewhere make a new Console"
            )
        self._next_sample = start_sample + n_samples


class HeardGain:
    """How loud a track's items arrive at the master, without rendering: fader, envelopes, VCA, folders, pan, master.

    Effects are left out: those of the track itself are in what is measured before its fader, and those of folders and
    buses are known only by rendering. Sends count only for a track without a master send, such as one that goes to a
    drum bus. The gains are those for audio that is the same in both channels; for a stereo track with a balance pan
    they are the gains of its two sides.

    Parameters
    ----------
    session : Session
        Whose mixing values count.
    """

    def __init__(self, session: Session) -> None:
        self._console = Console(session, 1)

    def at(self, track: Track | str, times_s: ArrayLike) -> NDArray[np.float64]:
        """Return linear gains, shape (2, n_times), left and right, at these times in seconds of the project.

        All 0 for a track that is muted, soloed away or not connected.
        """
        times = np.atleast_1d(np.asarray(times_s, dtype=np.float64))
        track_id = track if isinstance(track, str) else track.id
        ll, rl, lr, rr = self._console.path_gains(track_id, TimesClock(times))
        gains = np.empty((2, times.size))
        gains[0], gains[1] = total(ll, rl), total(lr, rr)
        return gains


def heard_gain(session: Session, track: Track | str, times_s: ArrayLike) -> NDArray[np.float64]:
    """Return ``HeardGain(session).at(track, times_s)``; for many tracks keep one ``HeardGain``."""
    return HeardGain(session).at(track, times_s)


class _Desk:
    """The sums of one block: one stereo bus per track that receives something, and the master's."""

    def __init__(self, n_samples: int) -> None:
        self._n = n_samples
        self._buses: dict[str | None, Audio] = {}
        self._scratch = np.empty((n_samples, 2), dtype=np.float32).T

    def inputs(self, track_id: str, items: Audio | None) -> list[Audio]:
        """Return what a track plays: its items, and the sum of what was sent to it."""
        return [audio for audio in (items, self._buses.pop(track_id, None)) if audio is not None]

    def gathered(self, track_id: str, inputs: list[Audio], gains: Matrix) -> Audio:
        """Return the sum of what enters a track's effects: mono where it is the same in both channels."""
        if not inputs:
            return np.zeros((1, self._n), dtype=np.float32)
        if len(inputs) == 1 and _is_unity(gains):
            return inputs[0]
        left, crossed, back, right = gains
        if len(inputs) == len(inputs[0]) == 1 and left is right and _is_zero(crossed) and _is_zero(back):
            return np.multiply(inputs[0], np.float32(left) if isinstance(left, float) else left)
        for audio in inputs:
            self.add(track_id, audio, gains)
        return self._buses.pop(track_id)

    def add(self, target_id: str | None, audio: Audio, gains: Matrix) -> None:
        """Add mono or stereo audio to a bus."""
        bus = self._buses.get(target_id)
        if bus is None:
            bus = self._buses[target_id] = _silence(self._n)
        ll, rl, lr, rr = gains
        if len(audio) == 1:
            ll, rl, lr, rr = total(ll, rl), 0.0, 0.0, total(lr, rr)
        if not _is_zero(rl) or not _is_zero(lr):
            self._add_channel(bus[0], audio[1], rl)
            self._add_channel(bus[1], audio[0], lr)
        if audio.shape[0] == 2 and audio.T.flags.c_contiguous:
            self._add_interleaved(bus, audio, ll, rr)
            return
        self._add_channel(bus[0], audio[0], ll)
        self._add_channel(bus[1], audio[-1], rr)

    def master(self, gains: Matrix) -> Audio:
        """Return the master's bus after its own gains."""
        bus = self._buses.pop(None, None)
        if bus is None:
            return _silence(self._n)
        if _is_unity(gains):
            return bus
        self.add(None, bus, gains)
        return self._buses.pop(None)

    def _add_interleaved(self, bus: Audio, audio: Audio, left: Gain, right: Gain) -> None:
        """Add both channels in one pass through memory: a third of the time of two strided passes."""
        if isinstance(left, float) and isinstance(right, float):
            if left == right == 1.0:
                bus += audio
                return
            if left == right:
                np.multiply(audio, np.float32(left), out=self._scratch)
            else:
                _multiply_pairs(audio, left, right, self._scratch)
        else:
            self._scratch[0], self._scratch[1] = left, right
            np.multiply(audio, self._scratch, out=self._scratch)
        bus += self._scratch

    def _add_channel(self, bus: Audio, audio: Audio, gain: Gain) -> None:
        if _is_zero(gain):
            return
        if isinstance(gain, float) and gain == 1.0:
            bus += audio
            return
        scratch = self._scratch[0]
        np.multiply(audio, np.float32(gain) if isinstance(gain, float) else gain, out=scratch)
        bus += scratch


def _outputs_of(session: Session, track_id: str, cords: Iterable[Cord]) -> tuple[_Output, ...]:
    mode = session.mode_of(session.track(track_id))
    return tuple(
        _Output(c.target_id, SendMode.POST_FADER, None)
        if c.send is None
        else _Output(c.target_id, c.send.mode, SendStrip(c.send, mode))
        for c in cords
    )


def _racks_of(session: Session, track_ids: Iterable[str], sample_rate_hz: int) -> dict[str, Rack]:
    racks = {i: Rack(session.track(i).effects_played(), sample_rate_hz) for i in track_ids}
    return {i: rack for i, rack in racks.items() if not rack.is_empty}


def _silence(n_samples: int) -> Audio:
    """Return a stereo block whose samples are interleaved in memory, as files are."""
    return np.zeros((n_samples, 2), dtype=np.float32).T


def _multiply_pairs(audio: Audio, left: float, right: float, out: Audio) -> None:
    """Write interleaved ``audio`` times two gains: whole rows of pairs at once, then the rest."""
    n_whole = audio.shape[1] // _PAIRS * _PAIRS
    row = np.tile(np.array([left, right], dtype=np.float32), _PAIRS)
    np.multiply(audio.T[:n_whole].reshape(-1, row.size), row, out=out.T[:n_whole].reshape(-1, row.size))
    np.multiply(audio.T[n_whole:], row[:2], out=out.T[n_whole:])


def _is_zero(gain: Gain) -> bool:
    return isinstance(gain, float) and gain == 0.0


def _is_unity(gains: Matrix) -> bool:
    return all(isinstance(gain, float) and gain == one for gain, one in zip(gains, UNITY, strict=True))
