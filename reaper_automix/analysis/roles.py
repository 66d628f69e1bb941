"""Who a track is, as far as its name says. A first, simple rule; a name without evidence gives no role. Stdlib only.

A name is split into words ("01_GtrL.wav" into "gtr", "l") and the first rule of ``RULES`` that finds its pattern in
them decides. The order of the rules settles the false friends: a bass drum is a kick before anything is a bass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Role(str, Enum):
    """What a track does in a mix, or why it is no part of one."""

    LEAD_VOCAL = "lead_vocal"
    BACKING_VOCAL = "backing_vocal"
    DRUMS = "drums"
    KICK = "kick"
    SNARE = "snare"
    HIHAT = "hihat"
    TOMS = "toms"
    OVERHEADS = "overheads"
    PERCUSSION = "percussion"
    BASS = "bass"
    ELECTRIC_GUITAR = "electric_guitar"
    ACOUSTIC_GUITAR = "acoustic_guitar"
    PIANO = "piano"
    KEYS = "keys"
    SYNTH = "synth"
    STRINGS = "strings"
    BRASS = "brass"
    FX = "fx"
    OTHER = "other"
    REFERENCE = "reference"
    CLICK = "click"
    PRINTED_MIX = "printed_mix"


UTILITY_ROLES = frozenset({Role.REFERENCE, Role.CLICK, Role.PRINTED_MIX})
"""Tracks that are not part of a balance."""


@dataclass(frozen=True, slots=True)
class RoleGuess:
    """A role, and the words of the name that say so."""

    role: Role
    evidence: str


RULES: tuple[tuple[Role, str], ...] = (
    (Role.CLICK, r"(?<!finger )click(?: track)?|metronome|count ?in|clk"),
    (Role.REFERENCE, r"reference(?: mix| track)?|ref(?: mix| track)?"),
    (
        Role.PRINTED_MIX,
        r"2 ?mix|two ?mix|mix ?down|(?:rough|human|full|final|stereo|master|printed|board) (?:mix|print)|mix print",
    ),
    (Role.KICK, r"kicks?|kik|kck|kd|bd|bass ?drum|kick ?drum|kickdrum|gran ?cassa|bombo"),
    (Role.SNARE, r"snares?|snr|sn|snare ?drum|rim ?shot|side ?stick|cross ?stick|caja"),
    (Role.HIHAT, r"hi ?hats?|hihat|hat|hats|hh|hhat|h hat|charles"),
    (Role.TOMS, r"toms?|floor ?tom|rack ?tom|tom ?tom|(?<=drums )(?:floor|rack)|rt|ft"),
    (Role.OVERHEADS, r"over ?heads?|overhead|oh|ohs|ovh|ohead|(?<=drums )over"),
    (
        Role.PERCUSSION,
        r"perc(?:s|ussion)?|shakers?|shk|tamb(?:o|ourine)?|tambo|congas?|bongos?|djembe|cajon|claves?|cowbell|bells?"
        r"|claps?|snaps?|cymbals?|cym|crash|ride|splash|china|triangle|woodblock|guiro|timbales?|maracas?|tabla|chimes?"
        r"|handclaps?|clap ?trap|agogo|cabasa|timpani|surdo|pandeiro|stomps?|udu|darbuka|gong"
        r"|sticks?|rain ?stick|steel ?(?:drums?|pans?)|finger (?:clicks?|snaps?)",
    ),
    (Role.DRUMS, r"drums?|drumkit|drum ?kit|kit|drs|beat|beats|loop|loops|breakbeat|drum ?loop|batterie|bateria"),
    (
        Role.BACKING_VOCAL,
        r"(?:b|bg|bk|back|backing|background|harm|harmony|gang|group|choir) ?"
        r"(?:voc|vocs|vox|vocals?|voices?|sing(?:er|ers)?)"
        r"|(?:voc|vocs|vox|vocals?|voices?) (?:bg|bk|back|backing|harm|harmony|choir)"
        r"|bgvs?|bvs?|bgs|bv ?\w?|bvox|backings?|choirs?|chorus vox|harmony|harmonies|harms?|ooh?s?|aah?s?|ahs|gang"
        r"|chants?|crowd",
    ),
    (
        Role.LEAD_VOCAL,
        r"(?:ld|lead|main)? ?(?:vox|vocals?|voc|vocs|voice|voices|singer|singing|rap|raps|rapper)"
        r"|lv|ldvox|leadvox|adlibs?|ad ?libs?|dbl vox|narration|speech|gesang|voz|chant principal",
    ),
    (
        Role.BASS,
        r"bass(?! ?(?:clarinet|trombone|flute|sax|drum|kick))|basses|bs|sub|sub ?bass|bassline|808s?"
        r"|upright(?! ?(?:piano|pno))|contrabass|double ?bass|bajo|basse|moog ?bass|syn ?bass|bassdi|bassamp",
    ),
    (
        Role.ACOUSTIC_GUITAR,
        r"(?:ac|acou|acous|acoustic|nylon|classical|spanish|12 ?string) ?(?:gtrs?|guitars?|gt|git)?"
        r"|steel (?:gtrs?|guitars?)|acgtr|agtr|a ?gtr|aco?gtr|mandolin|banjo|uk[eu]lele|uke|dobro|bouzouki|resonator",
    ),
    (
        Role.ELECTRIC_GUITAR,
        r"(?:el|elec|electric|e|lead|rhythm|rhy|rtm|dist|clean|crunch|solo)? ?"
        r"(?:gtrs?|guitars?|guit|git|guitarra|gits)|egtr|elgtr|elecgtr"
        r"|gtr ?\w?|tele|strat|les ?paul|slide|pedal ?steel|lap ?steel|riff|powerchords?",
    ),
    (Role.KEYS, r"(?:e|el|elec|electric|toy) ?pianos?|epiano|ep"),
    (Role.PIANO, r"pianos?|pno|grand|upright ?piano|pf|klavier"),
    (
        Role.KEYS,
        r"keys?|keyb|keyboards?|kbd|organs?|org|b3|hammond|rhodes|rds|wurl(?:i|y|itzer|itser)?|clav(?:i|inet)?"
        r"|harpsichord|accordion|harmonium|melodica|celesta|celeste|glock(?:enspiel)?|vibes?|vibraphone"
        r"|marimba|xylophone|mellotron|leslie|music ?box|mallets?|kalimba",
    ),
    (
        Role.STRINGS,
        r"strings?|strgs?|str|violins?|vlns?|vln|violas?|vla|cellos?|celli|vc|vcl|fiddle|quartet|harp|orchestra|orch|pizz(?:icato)?",
    ),
    (
        Role.BRASS,
        r"brass|trumpets?|tpts?|tp|trombones?|tbn|trb|horns?|hrns?|sax(?:es|ophones?)?|saxes|tenor|alto|bari|tuba|flugel(?:horn)?"
        r"|bone",
    ),
    (
        Role.SYNTH,
        r"synths?|syn|synt|syth|pads?|arps?|arpeggio|lead ?synth|sawlead|saw|plucks?|moog|juno"
        r"|prophet|minilogue|korg|virus|sequence|seq"
        r"|supersaw|stabs?|chords?|lead",
    ),
    (
        Role.FX,
        r"fx|sfx|efx|effects?|risers?|sweeps?|impacts?|whoosh|swells?|noise|hits?|reverse|rev|drops?|uplifter|downlifter|atmos(?:phere)?"
        r"|ambience|ambient|amb|foley|vinyl|scratch(?:es)?|samples?|glitch|drones?|textures?",
    ),
    (
        Role.OTHER,
        r"flutes?|clarinets?|oboes?|bassoons?|recorder|whistles?|pipes?|harmonica|harp ?mouth"
        r"|woodwinds?|winds?|didgeridoo|sitar|theremin",
    ),
    # What also stands beside an instrument ("Gtr room", "Kick print", "SD keys") decides only when nothing else does.
    (Role.DRUMS, r"rooms?"),
    (Role.SNARE, r"sd"),
    (Role.CLICK, r"metro"),
    (Role.PRINTED_MIX, r"(?:pre|un)?master(?: out| bus)?|bounce|print"),
)
"""Patterns over whole words of a name, tried in this order."""

_PATTERNS = tuple((role, re.compile(rf"(?<!\S)(?:{pattern})(?!\S)")) for role, pattern in RULES)
_EXTENSION = re.compile(r"\.(?:wav|aiff?|flac|ogg|mp3|m4a|w64|rf64|opus|wv)$", re.IGNORECASE)
_NUMBER = re.compile(r"\b808s?\b|\bb3\b|\b2 ?mix\b|\b12 ?str|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words_of(name: str) -> str:
    """Return the words of a track name in small letters, one blank between them; numbers are left out.

    Only numbers that name a sound stay: 808, B3, 2mix, 12 string.
    """
    plain = _CAMEL.sub(" ", _EXTENSION.sub("", name.strip()))
    plain = re.sub(r"[^\w]+|_", " ", plain).casefold()
    return " ".join(_NUMBER.sub(_kept_number, plain).split())


def guess_role(name: str) -> RoleGuess | None:
    """Return the role that a name says, with its evidence; None where it says nothing."""
    words = words_of(name)
    for role, pattern in _PATTERNS:
        if found := pattern.search(words):
            return RoleGuess(role, found[0].strip())
    return None


def role_of(name: str) -> Role | None:
    """Return the role that a name says; None where it says nothing."""
    guess = guess_role(name)
    return None if guess is None else guess.role


def _kept_number(found: re.Match[str]) -> str:
    if found[0] == "808":
        return " 808 "
    return " " if found[0].isdecimal() else found[0]
