"""Who a track is, as far as its name says: patterns over the words of a name, in six languages. Stdlib only.

A name is split into words ("01_GtrL.wav" into "gtr", "l") and the first rule of ``RULES`` that finds its pattern in
them decides. The order of the rules settles the false friends: a bass drum is a kick before anything is a bass. A name
without evidence gives no role.
"""

from __future__ import annotations

import re
import unicodedata

from reaper_automix.analysis.role_mics import mic_named
from reaper_automix.role_vocabulary import Role, RoleGuess

RULES: tuple[tuple[Role, str], ...] = (
    (Role.CLICK, r"(?<!finger )click(?: track)?|metronome|count ?in|clk|metronom[eo]?|claqueta|klick"),
    (Role.REFERENCE, r"reference(?: mix| track)?|ref(?: mix| track)?|refs|references|referenz|referencia|riferimento"),
    (
        Role.PRINTED_MIX,
        r"2 ?mix|two ?mix|mix ?down|(?:rough|human|full|final|stereo|master|printed|board) (?:mix|print)|mix print",
    ),
    (
        Role.KICK,
        r"kicks?|kik|kck|kd|bd|bass ?drum|kick ?drum|kickdrum|gran ?cassa|bombo|bumbo"
        r"|gro(?:ss|s)e (?:trommel|caisse)|grosse ?caisse|bassdrums?|subkick",
    ),
    (
        Role.SNARE,
        r"snares?|snr|sn|snare ?drum|rim ?shot|side ?stick|cross ?stick|caja|caixa|tarola|redoblante|rullante"
        r"|kleine trommel|caisse claire",
    ),
    (Role.HIHAT, r"hi ?hats?|hihat|hat|hats|hh|hhat|h hat|charles|charle(?:y|ston)?|chimbal|contratiempo|contratempo"),
    (
        Role.TOMS,
        r"toms?|floor ?tom|rack ?tom|tom ?tom|(?<=drums )(?:floor|rack)|rt|ft|stand ?tom|hange ?tom|goliath?|tom basse",
    ),
    (Role.OVERHEADS, r"over ?heads?|overhead|oh|ohs|ovh|ohead|(?<=drums )over|ohl|ohr|aere[oi]s|aeriens|panoramic[io]"),
    (
        Role.PERCUSSION,
        r"perc(?:s|ussion)?|shakers?|shk|tamb(?:o|ourine)?|tambo|congas?|bongos?|djembe|cajon|claves?|cowbell|bells?"
        r"|claps?|snaps?|cymbals?|cym|crash|ride|splash|china|triangle|woodblock|guiro|timbales?|maracas?|tabla|chimes?"
        r"|handclaps?|clap ?trap|agogo|cabasa|timpani|surdo|pandeiro|stomps?|udu|darbuka|gong"
        r"|becken|schellen(?:ring|kranz)?|rassel|cymbales?|tambourin|percussions|perkussion|percussion[ei]"
        r"|percusion(?:es)?|percussao"
        r"|platillos?|pandereta|palmas|piatt[oi]|pratos?|klatschen"
        r"|sticks?|rain ?stick|steel ?(?:drums?|pans?)|finger (?:clicks?|snaps?)",
    ),
    (
        Role.DRUMS,
        r"drums?|drumkit|drum ?kit|kit|drs|beat|beats|loop|loops|breakbeat|drum ?loop|batterie|bateria"
        r"|batteria|schlagzeug|trommeln?|kit de batterie",
    ),
    (
        Role.BACKING_VOCAL,
        r"(?:b|bg|bk|back|backing|background|harm|harmony|gang|group|choir) ?"
        r"(?:voc|vocs|vox|vocals?|voices?|sing(?:er|ers)?)"
        r"|(?:voc|vocs|vox|vocals?|voices?) (?:bg|bk|back|backing|harm|harmony|choir)"
        r"|bgvs?|bvs?|bgs|bv ?\w?|bvox|vocoder|backings?|choirs?|chorus vox|harmony|harmonies|harms?|ooh?s?"
        r"|aah?s?|ahs|gang"
        r"|chants?|crowd|chor|chore|hintergrund(?:gesang)?|hintergrundstimmen?|choeurs?|coros?|cori"
        r"|segunda voz|seconda voce",
    ),
    (
        Role.LEAD_VOCAL,
        r"(?:ld|lead|main)? ?(?:vox|vocals?|voc|vocs|voice|voices|singer|singing|rap|raps|rapper)"
        r"|lv|ldvox|leadvox|adlibs?|ad ?libs?|dbl vox|narration|narrator|voice ?over|dialog(?:ue)?|headset"
        r"|lavalier|pulpit|lectern|speech|gesang|voz|chant principal|hauptgesang"
        r"|stimmen?|sanger(?:in)?|voix|voces|voce|voci|vozes|falsetto",
    ),
    (
        Role.BASS,
        r"bass(?! ?(?:clarinet|trombone|flute|sax|drum|kick))|basses|bs|sub|sub ?bass|bassline|808s?"
        r"|upright(?! ?(?:piano|pno))|contrabass|double ?bass|bajo|basse|basso|baixo|kontrabass|contrebasse"
        r"|contrabajo|contrabbasso|contrabaixo|(?:e|el|elektro) ?bass|moog ?bass|syn ?bass|bassdi|bassamp",
    ),
    (
        Role.ACOUSTIC_GUITAR,
        r"(?:ac|acou|acous|acoustic|nylon|classical|spanish|12 ?string) ?(?:gtrs?|guitars?|gt|git)?"
        r"|steel (?:gtrs?|guitars?)|acgtr|agtr|a ?gtr|aco?gtr|mandolin|banjo|uk[eu]lele|uke|dobro|bouzouki|resonator"
        r"|akustik ?(?:gitarren?|git)?"
        r"|(?:gitarren?|guitares?|guitarras?|chitarr[ae]|violao|violoes) "
        r"(?:acustic[ao]s?|acoustiques?|akustisch|classic[ao]|seche)"
        r"|(?:akustische|klassische) gitarren?|violao|violoes|viola caipira|cavaquinho|laud",
    ),
    (
        Role.ELECTRIC_GUITAR,
        r"(?:el|elec|electric|e|lead|rhythm|rhy|rtm|dist|clean|crunch|solo)? ?"
        r"(?:gtrs?|guitars?|guit|git|guitarra|gits)|egtr|elgtr|elecgtr"
        r"|gtr ?\w?|tele|strat|les ?paul|slide|pedal ?steel|lap ?steel|riff|powerchords?"
        r"|(?:e|el|elektro)? ?gitarren?|guitares?|guitarras?|chitarr[ae]",
    ),
    (Role.KEYS, r"(?:e|el|elec|electric|toy) ?pianos?|epiano|ep"),
    (Role.PIANO, r"pianos?|pno|grand|upright ?piano|pf|klavier|flugel(?! ?horn)|pianoforte"),
    (
        Role.KEYS,
        r"keys?|keyb|keyboards?|kbd|organs?|org|b3|hammond|rhodes|rds|wurl(?:i|y|itzer|itser)?|clav(?:i|inet)?"
        r"|harpsichord|accordion|harmonium|melodica|celesta|celeste|glock(?:enspiel)?|vibes?|vibraphone"
        r"|marimba|xylophone|mellotron|leslie|music ?box|mallets?|kalimba"
        r"|orgel|tasten(?:instrumente?)?|akkordeon|claviers?|orgue|accordeon|teclados?|organo|orgao|acordeon"
        r"|tastiere|tastiera"
        r"|fisarmonica|sanfona|farfisa|nord",
    ),
    (
        Role.STRINGS,
        r"strings?|strgs?|str|violins?|vlns?|vln|violas?|vla|cellos?|celli|vc|vcl|fiddle|quartet|harp"
        r"|orchestra|orch|pizz(?:icato)?"
        r"|streicher|geigen?|violinen?|bratschen?|cordes|violons?|violoncell[eio]s?|violoncelo|violonchelo"
        r"|cuerdas|violin[oi]s?"
        r"|archi|arpa|harpe|harfe|cordas|orchester|orchestre|orquesta|orquestra",
    ),
    (
        Role.BRASS,
        r"brass|trumpets?|tpts?|tp|trombones?|tbn|trb|horns?|hrns?|sax(?:es|ophones?)?|saxes|tenor|alto|bari"
        r"|tuba|flugel(?:horn)?"
        r"|bone"
        r"|blaser|blech(?:blaser)?|trompeten?|posaunen?|saxophon|cuivres|trompettes?|metales|metais|trompetas?"
        r"|trombon|saxofon[eo]?|trombas?|trombe"
        r"|ottoni|fiati|sassofon[eio]|vientos|sopros",
    ),
    (
        Role.SYNTH,
        r"synths?|syn|synt|syth|pads?|arps?|arpeggio|lead ?synth|sawlead|saw|plucks?|moog|juno"
        r"|prophet|minilogue|korg|virus|sequence|seq"
        r"|supersaw|stabs?|chords?|lead",
    ),
    (
        Role.FX,
        r"fx|sfx|efx|effects?|risers?|sweeps?|impacts?|whoosh|swells?|noise|hits?|reverse|rev|drops?|uplifter"
        r"|downlifter|atmos(?:phere)?"
        r"|ambience|ambient|amb|foley|vinyl|scratch(?:es)?|samples?|glitch|drones?|textures?"
        r"|effekte?|gerausche?|rauschen|effets?|bruit(?:age)?|efectos?|ruido|effett[oi]|rumor[ei]|efeitos?",
    ),
    (
        Role.OTHER,
        r"flutes?|clarinets?|oboes?|bassoons?|recorder|whistles?|pipes?|harmonica|harp ?mouth"
        r"|woodwinds?|winds?|didgeridoo|sitar|theremin"
        r"|floten?|querflote|blockflote|klarinetten?|oboen?|flauta|flauto|clarinete|clarinetto|hautbois"
        r"|holzblaser|dudelsack|gaita",
    ),
    # What also stands beside an instrument ("Gtr room", "Kick print", "SD keys") decides only when nothing else does.
    (Role.DRUMS, r"rooms?|raum|sala|ambiente"),
    (Role.SNARE, r"sd"),
    (Role.CLICK, r"metro"),
    (Role.PRINTED_MIX, r"(?:pre|un)?master(?: out| bus)?|bounce|print|gesamtmix|summe"),
)
"""Patterns over whole words of a name, tried in this order; accents are left out of both."""

WEAK_WORDS = frozenset(
    {
        "lead",
        "room",
        "rooms",
        "sala",
        "raum",
        "ambiente",
        "solo",
        "chords",
        "stab",
        "stabs",
        "hit",
        "hits",
        "riff",
        "riffs",
    }
    | {"harm", "harms", "harmony", "harmonies", "sd", "amb", "ambience", "ambient", "print", "bounce", "slide", "clean"}
    | {"noise", "reverse", "rev", "samples", "backing", "double", "dbl"}
)
"""Words that say a role only where nothing else does: a folder around the track knows better."""

_PATTERNS = tuple((role, re.compile(rf"(?<!\S)(?:{pattern})(?!\S)")) for role, pattern in RULES)
_EXTENSION = re.compile(r"\.(?:wav|aiff?|flac|ogg|mp3|m4a|w64|rf64|opus|wv)$", re.IGNORECASE)
_NUMBER = re.compile(r"\b808s?\b|\bb3\b|\b2 ?mix\b|\b12 ?str|\d+")
_VOX_AMPLIFIER = re.compile(r"(?<=gtr )(?:[a-z] )?vox(?!\S)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "Oe", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O"})


def words_of(name: str) -> str:
    """Return the words of a track name in small letters without accents, one blank between them, without numbers.

    Only numbers that name a sound stay: 808, B3, 2mix, 12 string.
    """
    return " ".join(_NUMBER.sub(_kept_number, numbered_words_of(name)).split())


def numbered_words_of(name: str) -> str:
    """Return the words of a track name in small letters without accents, and its numbers."""
    letters = unicodedata.normalize("NFKD", _EXTENSION.sub("", name.strip()).translate(_LIGATURES))
    plain = _CAMEL.sub(" ", "".join(c for c in letters if not unicodedata.combining(c)))
    return " ".join(re.sub(r"[^\w]+|_", " ", plain).casefold().split())


def guess_role(name: str) -> RoleGuess | None:
    """Return the role that a name says, with its evidence; None where it says nothing."""
    words = _VOX_AMPLIFIER.sub("", words_of(name))
    for role, pattern in _PATTERNS:
        if found := pattern.search(words):
            evidence = found[0].strip()
            return RoleGuess(role, evidence, mic_named(role, numbered_words_of(name)), evidence in WEAK_WORDS)
    return None


def role_of(name: str) -> Role | None:
    """Return the role that a name says; None where it says nothing."""
    guess = guess_role(name)
    return None if guess is None else guess.role


def _kept_number(found: re.Match[str]) -> str:
    if found[0] == "808":
        return " 808 "
    return " " if found[0].isdecimal() else found[0]
