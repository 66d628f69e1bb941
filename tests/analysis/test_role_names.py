"""Names in other languages, microphones of a drum kit, and names that only their surroundings explain."""

from __future__ import annotations

import pytest

from reaper_automix.analysis.role_names import words_of
from reaper_automix.analysis.roles import (
    DrumMic,
    Role,
    RoleSource,
    TrackRole,
    coarse_role,
    guess_role,
    guess_role_among,
    role_of,
    roles_of_session,
    unnamed_tracks,
)
from reaper_automix.session import Item, Session, Source, Take, Track

LANGUAGES = {
    "de": {
        Role.KICK: ["Bassdrum", "Große Trommel"],
        Role.SNARE: ["Kleine Trommel"],
        Role.DRUMS: ["Schlagzeug", "Raum"],
        Role.TOMS: ["Standtom", "Hängetom 2"],
        Role.PERCUSSION: ["Becken", "Schellenring"],
        Role.LEAD_VOCAL: ["Gesang", "Hauptgesang", "Stimme 1"],
        Role.BACKING_VOCAL: ["Chor", "Hintergrundgesang"],
        Role.BASS: ["Kontrabass", "E-Bass"],
        Role.ELECTRIC_GUITAR: ["E-Gitarre", "Gitarre links", "Gitarren"],
        Role.ACOUSTIC_GUITAR: ["Akustikgitarre", "Akustik Gitarre 2"],
        Role.PIANO: ["Klavier", "Flügel"],
        Role.KEYS: ["Orgel", "Akkordeon"],
        Role.STRINGS: ["Streicher", "Geige", "Bratsche"],
        Role.BRASS: ["Bläser", "Trompete", "Posaunen"],
        Role.OTHER: ["Querflöte", "Klarinette"],
        Role.CLICK: ["Metronom"],
        Role.REFERENCE: ["Referenz"],
    },
    "fr": {
        Role.KICK: ["Grosse caisse"],
        Role.SNARE: ["Caisse claire"],
        Role.HIHAT: ["Charley"],
        Role.OVERHEADS: ["Aériens"],
        Role.DRUMS: ["Batterie"],
        Role.PERCUSSION: ["Cymbales", "Percussions"],
        Role.LEAD_VOCAL: ["Voix", "Voix principale"],
        Role.BACKING_VOCAL: ["Chœurs", "Choeur 2"],
        Role.BASS: ["Basse", "Contrebasse"],
        Role.ELECTRIC_GUITAR: ["Guitare électrique", "Guitare 1"],
        Role.ACOUSTIC_GUITAR: ["Guitare acoustique"],
        Role.KEYS: ["Claviers", "Orgue", "Accordéon"],
        Role.STRINGS: ["Cordes", "Violoncelle", "Violon"],
        Role.BRASS: ["Cuivres", "Trompette"],
        Role.FX: ["Effets"],
    },
    "es": {
        Role.KICK: ["Bombo"],
        Role.SNARE: ["Caja", "Tarola", "Redoblante"],
        Role.HIHAT: ["Contratiempo"],
        Role.DRUMS: ["Batería"],
        Role.PERCUSSION: ["Platillos", "Pandereta", "Percusión", "Palmas"],
        Role.LEAD_VOCAL: ["Voz", "Voz principal", "Voces"],
        Role.BACKING_VOCAL: ["Coros", "Segunda voz"],
        Role.BASS: ["Bajo", "Contrabajo"],
        Role.ELECTRIC_GUITAR: ["Guitarra eléctrica", "Guitarra 2"],
        Role.ACOUSTIC_GUITAR: ["Guitarra acústica"],
        Role.KEYS: ["Teclado", "Órgano", "Acordeón"],
        Role.STRINGS: ["Cuerdas", "Violín"],
        Role.BRASS: ["Metales", "Trompeta", "Trombón", "Saxofón"],
        Role.CLICK: ["Claqueta"],
    },
    "it": {
        Role.KICK: ["Gran cassa"],
        Role.SNARE: ["Rullante"],
        Role.OVERHEADS: ["Panoramici"],
        Role.DRUMS: ["Batteria"],
        Role.PERCUSSION: ["Piatti", "Percussioni"],
        Role.LEAD_VOCAL: ["Voce", "Voci"],
        Role.BACKING_VOCAL: ["Cori"],
        Role.BASS: ["Basso", "Contrabbasso"],
        Role.ELECTRIC_GUITAR: ["Chitarra elettrica", "Chitarre"],
        Role.ACOUSTIC_GUITAR: ["Chitarra acustica", "Chitarra classica"],
        Role.PIANO: ["Pianoforte"],
        Role.KEYS: ["Tastiere", "Organo", "Fisarmonica"],
        Role.STRINGS: ["Archi", "Violino", "Arpa"],
        Role.BRASS: ["Ottoni", "Fiati", "Trombe"],
    },
    "pt": {
        Role.KICK: ["Bumbo"],
        Role.SNARE: ["Caixa"],
        Role.HIHAT: ["Chimbal"],
        Role.DRUMS: ["Bateria"],
        Role.PERCUSSION: ["Pratos", "Percussão", "Pandeiro"],
        Role.LEAD_VOCAL: ["Vozes"],
        Role.BACKING_VOCAL: ["Coro"],
        Role.BASS: ["Baixo", "Contrabaixo"],
        Role.ELECTRIC_GUITAR: ["Guitarra"],
        Role.ACOUSTIC_GUITAR: ["Violão", "Violões"],
        Role.KEYS: ["Teclados", "Órgão", "Sanfona"],
        Role.STRINGS: ["Cordas"],
        Role.BRASS: ["Metais", "Sopros"],
    },
}

MICS = {
    "01_KickIn.wav": DrumMic.KICK_IN,
    "Kick beater": DrumMic.KICK_IN,
    "Kick2Out": DrumMic.KICK_OUT,
    "BD sub": DrumMic.KICK_SUB,
    "Snare Top": DrumMic.SNARE_TOP,
    "SN T": DrumMic.SNARE_TOP,
    "DRUM SNARE T-M80": DrumMic.SNARE_TOP,
    "04_Snare2Up": DrumMic.SNARE_TOP,
    "Snr btm": DrumMic.SNARE_BOTTOM,
    "03_SnareDown.wav": DrumMic.SNARE_BOTTOM,
    "Snare unten": DrumMic.SNARE_BOTTOM,
    "HH": DrumMic.HIHAT,
    "Ride": DrumMic.RIDE,
    "Tom1": DrumMic.TOM_1,
    "11_Tom 2": DrumMic.TOM_2,
    "Drums-Rack2-M80": DrumMic.TOM_2,
    "TOM3_04-07.wav": DrumMic.TOM_3,
    "Rack Tom": DrumMic.TOM_RACK,
    "Floor Tom": DrumMic.TOM_FLOOR,
    "OH L": DrumMic.OVERHEAD_LEFT,
    "OHR": DrumMic.OVERHEAD_RIGHT,
    "Overhead links": DrumMic.OVERHEAD_LEFT,
    "Drum Room": DrumMic.ROOM,
    "Room L": DrumMic.ROOM,
}


@pytest.mark.parametrize(
    ("role", "name"), [(role, n) for words in LANGUAGES.values() for role, names in words.items() for n in names]
)
def test_common_words_of_other_languages(role: Role, name: str) -> None:
    assert role_of(name) is role


@pytest.mark.parametrize(("name", "mic"), MICS.items())
def test_a_drum_microphone_by_its_name(name: str, mic: DrumMic) -> None:
    guess = guess_role(name)
    assert guess is not None
    assert guess.mic is mic
    assert guess.role is mic.role


@pytest.mark.parametrize("name", ["Kick", "Snare 2", "Overheads", "Toms", "Drums", "Bass in", "Gtr top", "Snare2b"])
def test_no_microphone_where_the_name_says_none(name: str) -> None:
    guess = guess_role(name)
    assert guess is not None
    assert guess.mic is None


@pytest.mark.parametrize("mic", DrumMic)
def test_every_microphone_has_a_coarse_role(mic: DrumMic) -> None:
    assert coarse_role(mic.value) is not None
    assert mic.role in Role


def test_a_word_outside_the_vocabulary_has_no_role() -> None:
    assert coarse_role("trumpet solo") is None


def test_accents_do_not_matter() -> None:
    assert words_of("Chœurs_Élec 2.wav") == "choeurs elec"


@pytest.mark.parametrize(
    ("name", "folders", "files", "role", "source"),
    [
        ("L", ["Gtrs"], [], Role.ELECTRIC_GUITAR, RoleSource.FOLDER),
        ("1", ["take 2", "Toms"], [], Role.TOMS, RoleSource.FOLDER),
        ("Lead", ["Vox"], [], Role.LEAD_VOCAL, RoleSource.FOLDER),
        ("Lead", [], [], Role.SYNTH, RoleSource.NAME),
        ("Room", ["Gtrs"], [], Role.ELECTRIC_GUITAR, RoleSource.FOLDER),
        ("Room", ["Drums"], [], Role.DRUMS, RoleSource.FOLDER),
        ("Harmony", ["Vox"], [], Role.BACKING_VOCAL, RoleSource.NAME),
        ("Bass", ["Drums"], [], Role.BASS, RoleSource.NAME),
        ("Track 3", [], ["C:\\Audio\\03-Kick-231104_1201.wav"], Role.KICK, RoleSource.FILE),
        ("", ["Keys"], ["/a/02-Rhodes.wav", "/a/02-Rhodes-01.wav"], Role.KEYS, RoleSource.FILE),
        ("Track 3", [], ["/Bass Town/take 2.wav"], None, RoleSource.NOTHING),
        ("Track 3", [], ["Bass.wav", "Snare.wav"], None, RoleSource.NOTHING),
        ("Track 3", ["Mix", "Master"], [], None, RoleSource.NOTHING),
        ("Bass Anthem (their single)", ["Refs"], [], Role.REFERENCE, RoleSource.FOLDER),
    ],
)
def test_what_surrounds_a_name(
    name: str, folders: list[str], files: list[str], role: Role | None, source: RoleSource
) -> None:
    found = guess_role_among(name, folders, files)
    assert (found.role, found.source) == (role, source)


def test_a_microphone_by_name_and_folder() -> None:
    assert guess_role_among("In", ["Kick"]).mic is DrumMic.KICK_IN
    assert guess_role_among("Bottom", ["Snare"]).mic is DrumMic.SNARE_BOTTOM
    assert guess_role_among("2", ["Toms"]).mic is DrumMic.TOM_2
    assert guess_role_among("L", ["OH"]).mic is DrumMic.OVERHEAD_LEFT
    assert guess_role_among("L", ["Gtrs"]).mic is None


def test_an_unknown_role_says_why() -> None:
    assert guess_role_among("Track 5").described().startswith("unknown (neither its name")
    assert guess_role_among("In", ["Kick"]).described() == "kick (kick_in; folder: kick)"


def _track(number: int, name: str, **fields: object) -> Track:
    return Track(id=f"#{number}", name=name, number=number, **fields)  # type: ignore[arg-type]


def _with_file(path: str) -> tuple[Item, ...]:
    return (Item("i", 0.0, 1.0, (Take("t", "", Source("WAVE", path)),)),)


SESSION = Session(
    tracks=(
        _track(1, "Master", is_folder=True),
        _track(2, "Gtrs", is_folder=True, parent_id="#1"),
        _track(3, "L", parent_id="#2", items=_with_file("/x/take.wav")),
        _track(4, "Track 4", parent_id="#1", items=_with_file("/x/04-Snare top.wav")),
        _track(5, "Track 5", parent_id="#1", items=_with_file("/x/05.wav")),
        _track(6, "Synth 1", parent_id="#1", items=_with_file("/x/06.wav")),
    )
)


def test_the_roles_of_a_session() -> None:
    roles = roles_of_session(SESSION)
    assert [roles[t.id].role for t in SESSION.tracks] == [
        None,
        Role.ELECTRIC_GUITAR,
        Role.ELECTRIC_GUITAR,
        Role.SNARE,
        None,
        Role.SYNTH,
    ]
    assert roles["#4"].mic is DrumMic.SNARE_TOP
    assert unnamed_tracks(SESSION) == ("#5",)


def test_the_engineer_stands_above_names_and_names_above_what_is_heard() -> None:
    bass = TrackRole(Role.BASS, RoleSource.ENGINEER)
    heard = TrackRole(Role.KICK, RoleSource.AUDIO, "92 %")
    roles = roles_of_session(SESSION, said={"#6": bass}, heard={"#5": heard, "#4": heard, "#6": heard})
    assert roles["#6"] == bass
    assert roles["#5"] == heard
    assert roles["#4"].role is Role.SNARE


def test_what_the_engineer_calls_unknown_is_unknown() -> None:
    unknown = TrackRole(None, RoleSource.ENGINEER, "the engineer says so")
    heard = {"#6": TrackRole(Role.KICK, RoleSource.AUDIO, "92 %")}
    assert roles_of_session(SESSION, said={"#6": unknown}, heard=heard)["#6"] == unknown
    assert unnamed_tracks(SESSION, said={"#5": unknown}) == ()
