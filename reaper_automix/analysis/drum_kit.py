"""The drum kit of a session: which tracks are its microphones, which one each is, and what is unsure about that.

What the engineer said, names, files and folders decide, in the order of ``RoleSource``; sound is asked where they say
nothing, and otherwise only warns where it speaks strongly against a name. Loops, drum machines, samples, percussion,
cymbals by themselves and printed drum mixes are no microphones of the kit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reaper_automix.analysis.drum_mic_audio import MicModel, contradictions, load_mic_model, propose_mics
from reaper_automix.analysis.drum_mic_features import hear_together, is_stereo
from reaper_automix.analysis.loudness import Audio
from reaper_automix.analysis.role_names import numbered_words_of
from reaper_automix.role_vocabulary import KIT_ROLES, DrumMic, Role, RoleSource, TrackRole
from reaper_automix.session import Session

BOTH_OVERHEADS = (DrumMic.OVERHEAD_LEFT, DrumMic.OVERHEAD_RIGHT)
BOTH_ROOMS = (DrumMic.ROOM, DrumMic.ROOM)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A track that may be part of a drum kit.

    Parameters
    ----------
    id, name : str
        Of the track.
    role : TrackRole
        Who it is (``roles_of_session``).
    folders : tuple of str
        Names of the folders around it.
    is_bus : bool
        A folder or a bus: it plays other tracks, not audio of its own.
    audio : ndarray of float32, shape (n_channels, n_samples), or None
        An excerpt, the same one of all candidates; None: not to be listened to.
    """

    id: str
    name: str
    role: TrackRole
    folders: tuple[str, ...] = ()
    is_bus: bool = False
    audio: Audio | None = None


@dataclass(frozen=True, slots=True)
class Microphone:
    """A microphone of the kit, or two on one track.

    Parameters
    ----------
    track_id : str
        Its track.
    mics : tuple of DrumMic
        What it is; both for a track that stands for both overheads, or a room in stereo.
    source : RoleSource
        Where that is from.
    evidence : str
        The words or numbers that say so, to show the engineer.
    """

    track_id: str
    mics: tuple[DrumMic, ...]
    source: RoleSource
    evidence: str

    @property
    def mic(self) -> DrumMic:
        """What it is; the first of a pair."""
        return self.mics[0]


@dataclass(frozen=True, slots=True)
class NoMicrophone:
    """A track of drums that is no microphone of the kit, and why."""

    track_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Kit:
    """The microphones of a drum kit.

    Parameters
    ----------
    microphones : tuple of Microphone
        In the order of the tracks.
    others : tuple of NoMicrophone
        Tracks that have to do with drums, or might, and are left out.
    unsure : tuple of str
        What to check, in words that name the track.
    """

    microphones: tuple[Microphone, ...]
    others: tuple[NoMicrophone, ...]
    unsure: tuple[str, ...]

    def of(self, mic: DrumMic) -> tuple[Microphone, ...]:
        """Return the tracks that are this microphone, or hold it."""
        return tuple(one for one in self.microphones if mic in one.mics)


_NOT_RECORDED: tuple[tuple[str, str], ...] = (
    (r"samples?|sampled|sampler|smp|trig(?:ger(?:s|ed)?)?|superior|addictive|replace(?:ment|d)?", "a sample"),
    (r"loops?|break ?beats?|breaks?|beats?", "a loop"),
    (
        r"808s?|909|707|606|linn|e ?drums?|el(?:ec(?:tr(?:o|ic|onic)?)?)? ?drums?|drum ?machine"
        r"|programmed|prog|midi|synth|simmons|mpc|vst",
        "electronic",
    ),
    (r"reverb|verb|rvb|delay|fx|sfx|echo|parallel", "an effect"),
    (r"bus|buss|group|grp|sub ?mix|mix|master|stem|print|bounce", "a bus or a printed mix"),
)
"""Words of a name that say it is no microphone, tried in this order; a folder may well be called a bus."""
_REASONS = tuple((re.compile(rf"(?<!\S)(?:{words})(?!\S)"), what) for words, what in _NOT_RECORDED)
_OF_FOLDERS = 3
_KIT_NUMBER = re.compile(r"(?<!\S)(?:drum ?)?kit (\d)(?!\S)")
_CYMBAL = re.compile(r"(?<!\S)(?:cymbals?|cym|crash|china|splash|becken|piatt[oi]|platillos?|pratos?)(?!\S)")
_PLAIN = {Role.KICK: DrumMic.KICK_IN, Role.SNARE: DrumMic.SNARE_TOP, Role.HIHAT: DrumMic.HIHAT}
_TOMS = tuple(DrumMic(f"tom_{number}") for number in range(1, 7))
_ANY_TOM = (DrumMic.TOM_RACK, DrumMic.TOM_FLOOR)


def candidates_of(
    session: Session, roles: Mapping[str, TrackRole], audio: Mapping[str, Audio] | None = None
) -> tuple[Candidate, ...]:
    """Return the tracks of a session as candidates, with the excerpts that are there."""
    heard = audio or {}
    return tuple(
        Candidate(
            track.id,
            track.name,
            roles[track.id],
            tuple(folder.name for folder in session.ancestors(track)),
            is_bus=not track.items,
            audio=heard.get(track.id),
        )
        for track in session.tracks
        if track.id in roles
    )


def find_kit(candidates: Sequence[Candidate], rate_hz: int | None = None, *, model: MicModel | None = None) -> Kit:
    """Find the microphones of a drum kit among tracks.

    Parameters
    ----------
    candidates : sequence of Candidate
        In the order of the session. With audio on some, those are listened to.
    rate_hz : int, optional
        Of the audio; None: nothing is listened to.
    model : MicModel, optional
        The shipped one by default.

    Raises
    ------
    ModelError
        If the shipped model is needed and missing.
    """
    others: dict[str, str] = {}
    found: dict[str, Microphone] = {}
    asked: list[Candidate] = []
    for one in candidates:
        if (reason := _left_out(one)) is not None:
            others[one.id] = reason
        elif (microphone := _named(one)) is not None:
            found[one.id] = microphone
        elif _may_be_one(one):
            asked.append(one)
    names = {one.id: one.name for one in candidates}
    unsure = _kits_named(candidates, found)
    found = _with_sides(_with_tom_numbers(found), candidates, unsure)
    if rate_hz is not None:
        found |= _by_ear(candidates, asked, found, others, unsure, rate_hz, model)
    for one in asked:
        if one.id not in found and one.id not in others and one.role.role is Role.DRUMS:
            others[one.id] = f"its name says drums ({one.role.evidence}), not which microphone"
    unsure += _twice(found, names)
    return Kit(
        tuple(found[i] for i in names if i in found),
        tuple(NoMicrophone(i, others[i]) for i in names if i in others),
        tuple(unsure),
    )


def _left_out(one: Candidate) -> str | None:
    """Return why a track of drums is no microphone; None where it may be one, or has nothing to do with drums."""
    role, is_ride = one.role.role, one.role.mic is DrumMic.RIDE
    if role is Role.PERCUSSION and not is_ride:
        cymbal = _CYMBAL.search(_words(one.name)) is not None
        return "a microphone of one cymbal: the kit has no place for it" if cymbal else "percussion, not of the kit"
    if role not in KIT_ROLES and not is_ride:
        return None
    if one.is_bus:
        return "a folder or bus: its tracks are judged, not their sum"
    if one.role.source is RoleSource.ENGINEER and one.role.mic is not None:
        return None
    around = [(text, _REASONS[:_OF_FOLDERS]) for text in one.folders]
    for text, reasons in ((one.name, _REASONS), *around):
        for pattern, what in reasons:
            if (said := pattern.search(_words(text))) is not None:
                return f"{what} by its name ({said[0]}), not a microphone"
    return None


def _words(text: str) -> str:
    """Return the words of a name, letters and digits apart."""
    return " ".join(re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", numbered_words_of(text)).split())


def _named(one: Candidate) -> Microphone | None:
    """Return the microphone that is known without listening; None where nothing says one."""
    role, source, evidence = one.role.role, one.role.source, one.role.evidence
    if role is None or source in (RoleSource.AUDIO, RoleSource.NOTHING):
        return None
    if one.role.mic is DrumMic.ROOM and one.audio is not None and is_stereo(one.audio):
        return Microphone(one.id, BOTH_ROOMS, source, evidence)
    if one.role.mic is not None:
        return Microphone(one.id, (one.role.mic,), source, evidence)
    if role is Role.OVERHEADS:
        return Microphone(one.id, BOTH_OVERHEADS, source, evidence)
    if role is Role.TOMS:
        return Microphone(one.id, (DrumMic.TOM_RACK,), source, evidence)
    if role not in _PLAIN:
        return None
    plain = _PLAIN[role]
    said = "" if role is Role.HIHAT else f"; taken as {plain.value}"
    return Microphone(one.id, (plain,), source, evidence + said)


def _may_be_one(one: Candidate) -> bool:
    """Tell whether sound may say that a track is a microphone: its name says nothing, or only drums."""
    if one.is_bus:
        return False
    if one.role.source is RoleSource.AUDIO:
        return one.role.role in KIT_ROLES or one.role.role is Role.PERCUSSION
    return one.role.source is RoleSource.NOTHING or (one.role.role is Role.DRUMS and one.role.mic is None)


def _with_tom_numbers(found: Mapping[str, Microphone]) -> dict[str, Microphone]:
    """Return the microphones with numbers for toms without one: rack toms in order, floor toms after all others."""
    numbered = dict(found)
    taken = {one.mic for one in found.values()}
    for kind in _ANY_TOM:
        for track_id, one in found.items():
            if one.mic is not kind:
                continue
            first = 0
            if kind is DrumMic.TOM_FLOOR:
                # A floor tom alone is not the highest drum of a kit.
                first = max([1, *(at + 1 for at, tom in enumerate(_TOMS) if tom in taken)])
            number = next((tom for tom in _TOMS[first:] if tom not in taken), None)
            if number is not None:
                taken.add(number)
                evidence = f"{one.evidence}; {number.value} by order"
                numbered[track_id] = replace(one, mics=(number,), evidence=evidence)
    return numbered


def _with_sides(
    found: Mapping[str, Microphone], candidates: Sequence[Candidate], unsure: list[str]
) -> dict[str, Microphone]:
    """Return the microphones with two mono overhead tracks taken as left and right, and say so."""
    plain = [one for one in candidates if one.id in found and found[one.id].mics == BOTH_OVERHEADS]
    sided = dict(found)
    mono = [one for one in plain if one.audio is not None and not is_stereo(one.audio)]
    if len(plain) == 2 and len(mono) == 2:
        for one, mic in zip(plain, BOTH_OVERHEADS, strict=True):
            sided[one.id] = replace(found[one.id], mics=(mic,), evidence=f"{found[one.id].evidence}; by order")
        unsure.append(f"{plain[0].name!r} and {plain[1].name!r} are taken as left and right overhead in this order")
    for mic, other in (BOTH_OVERHEADS, BOTH_OVERHEADS[::-1]):
        sides = [one for one in sided.values() if mic in one.mics]
        if len(sides) == 1 and not any(other in one.mics for one in sided.values()):
            unsure.append(f"there is one {mic.value} and no {other.value}")
    return sided


def _by_ear(
    candidates: Sequence[Candidate],
    asked: Sequence[Candidate],
    found: Mapping[str, Microphone],
    others: dict[str, str],
    unsure: list[str],
    rate_hz: int,
    model: MicModel | None,
) -> dict[str, Microphone]:
    """Return the microphones that sound gives; write down what is none, and what speaks against names."""
    wanted = {one.id for one in asked} | set(found)
    listened = [(one, one.audio) for one in candidates if one.id in wanted and one.audio is not None]
    if not listened:
        return {}
    model = model or load_mic_model()
    heard = hear_together([audio for _, audio in listened], rate_hz)
    place = {one.id: at for at, (one, _) in enumerate(listened)}
    named = {place[i]: one.mic for i, one in found.items() if i in place}
    for at, against in contradictions(heard, named, model).items():
        unsure.append(f"{listened[at][0].name!r} is {against}")
    new: dict[str, Microphone] = {}
    for at, proposal in propose_mics(heard, [place[one.id] for one in asked if one.id in place], named, model).items():
        one = listened[at][0]
        if proposal.mics:
            new[one.id] = Microphone(one.id, proposal.mics, RoleSource.AUDIO, proposal.evidence)
        elif proposal.evidence:
            others[one.id] = proposal.evidence
        if proposal.doubt:
            unsure.append(f"{one.name!r} {proposal.evidence or 'is open'}: {proposal.doubt}")
    return new


def _kits_named(candidates: Sequence[Candidate], found: Mapping[str, Microphone]) -> list[str]:
    texts = [text for one in candidates if one.id in found for text in (one.name, *one.folders)]
    kits = sorted({said[1] for text in texts if (said := _KIT_NUMBER.search(_words(text))) is not None})
    if len(kits) < 2:
        return []
    return [f"the names speak of kits {', '.join(kits)}: they are taken as one, choose the tracks of one of them"]


def _twice(found: Mapping[str, Microphone], names: Mapping[str, str]) -> list[str]:
    """Return what is unsure because several tracks are the same microphone."""
    said = []
    for mic in DrumMic:
        same = [names[i] for i, one in found.items() if mic in one.mics]
        if mic not in (DrumMic.ROOM, DrumMic.OVERHEAD_RIGHT) and len(same) > 1:
            said.append(f"{' and '.join(map(repr, same))} are both {mic.value}: two microphones, or two drums")
    return said
