"""A project's tree of lines to a ``session.Session``.

Numbers of REAPER that stop here: linear gains, flags, packed channels, pan laws as gains. What the session has no place
for, or what no document settles, becomes a note in words for the user.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reaper_automix.chunks.context import Reading
from reaper_automix.chunks.envelopes import parse_pool
from reaper_automix.chunks.fields import Fields, Section
from reaper_automix.chunks.fx_chain import read_fx_chain
from reaper_automix.chunks.lines import Chunk, ProjectText
from reaper_automix.chunks.media import MediaFinder
from reaper_automix.errors import ProjectSyntaxError
from reaper_automix.hosts.rpp.ext_state import stored_ledger, stored_roles
from reaper_automix.hosts.rpp.tracks import automation_mode, read_tracks
from reaper_automix.session import AutomationMode, Envelope, EnvelopeKind, FxSlot, Master, Session, TempoMarker
from reaper_automix.units import lin_to_db

_MASTER_TAGS = {
    "MASTERVOLENV": EnvelopeKind.VOLUME_PRE_FX,
    "MASTERVOLENV2": EnvelopeKind.VOLUME,
    "MASTERVOLENV3": EnvelopeKind.TRIM_VOLUME,
    "MASTERPANENV": EnvelopeKind.PAN_PRE_FX,
    "MASTERPANENV2": EnvelopeKind.PAN,
}
_GLOBAL_BYPASS = 5


def read_project(project: ProjectText, path: Path, *, media_folder: Path | None = None) -> Session:
    """Read a project.

    Parameters
    ----------
    project : ProjectText
        The file's lines.
    path : Path
        Where the file is, for the session's name and for messages.
    media_folder : Path, optional
        The folder that relative media names start from; by default the file's.

    Raises
    ------
    ProjectSyntaxError
        If a number is malformed.
    """
    try:
        return _session(project.root, path, media_folder or path.parent)
    except ProjectSyntaxError as error:
        raise ProjectSyntaxError(path, error.line_number, error.problem) from None


def _session(root: Chunk, path: Path, media_folder: Path) -> Session:
    section = Section(root.body)
    reading = _reading(section, media_folder)
    tempo = section.fields("TEMPO")
    numerator, denominator = tempo.whole(1, 4), tempo.whole(2, 4)
    tracks = read_tracks(section.chunks("TRACK"), reading)
    return Session(
        path=str(path),
        name=path.stem,
        sample_rate_hz=reading.sample_rate_hz,
        tempo_bpm=tempo.real(0, 120.0),
        time_signature=(numerator, denominator) if numerator > 0 and denominator > 0 else (4, 4),
        tempo_map=tuple(_tempo_map(section.chunk("TEMPOENVEX"))),
        time_selection_s=_time_selection(section.fields("SELECTION")),
        pan_law_db=_pan_law_db(section.fields("PANLAW"), reading),
        pan_mode=section.fields("PANMODE").whole(0, 3),
        automation_override=_override(section.fields("GLOBAL_AUTO"), reading),
        master=_master(section, reading),
        tracks=tracks,
        ledger_json=stored_ledger(root, reading.note),
        roles_json=stored_roles(root, reading.note),
        notes=reading.notes,
    )


def _reading(section: Section, media_folder: Path) -> Reading:
    """Return the settings that the parts of the project need."""
    record = section.fields("RECORD_PATH")
    rate = section.fields("SAMPLERATE")
    rate_hz = rate.whole(0)
    reading = Reading(
        media=MediaFinder(media_folder, (record.text(0), record.text(1))),
        sample_rate_hz=rate_hz if rate.flag(1) and rate_hz > 0 else None,
        project_attach=max(section.fields("POOLEDENVATTACH").whole(0), 0),
    )
    for chunk in section.chunks("POOLEDENV"):
        lines = list(chunk.all_lines())
        try:
            pool = parse_pool([line.text for line in lines])
        except ProjectSyntaxError as error:
            raise ProjectSyntaxError(None, lines[error.line_number - 1].number, error.problem) from None
        reading.pools[pool.id] = pool
    return reading


def _pan_law_db(fields: Fields, reading: Reading) -> float:
    """Read the project's pan law, a linear gain; a negative one is gain-compensated."""
    law = fields.real(0, 1.0)
    if law < 0.0 and law != -1.0:
        reading.note("The project's gain-compensated pan law is read as the plain one.")
    return lin_to_db(law)


def _override(fields: Fields, reading: Reading) -> AutomationMode | None:
    """Read GLOBAL_AUTO: -1 none, 0 to 4 as AUTOMODE, 5 bypass."""
    number = fields.whole(0, -1)
    if number == -1:
        return None
    if 0 <= number < _GLOBAL_BYPASS:
        return AutomationMode(number)
    if number == _GLOBAL_BYPASS:
        return AutomationMode.BYPASS
    reading.note(f"The global automation override {number} is not known and is left out.")
    return None


def _time_selection(fields: Fields) -> tuple[float, float] | None:
    start_s, end_s = sorted((fields.real(0), fields.real(1)))
    return (start_s, end_s) if end_s > start_s else None


def _tempo_map(chunk: Chunk | None) -> Iterator[TempoMarker]:
    """Yield the tempo markers: PT time bpm shape metre (65536 * denominator + numerator); shape 0 is gradual."""
    if chunk is None or not Fields(chunk.line("ACT")).flag(0, True):
        return
    for line in chunk.lines("PT"):
        fields = Fields(line)
        metre = max(fields.whole(3), 0)
        yield TempoMarker(
            time_s=fields.real(0),
            bpm=fields.real(1, 120.0),
            numerator=metre & 0xFFFF,
            denominator=metre >> 16,
            gradual=fields.whole(2, 1) == 0,
        )


def _master(section: Section, reading: Reading) -> Master:
    """Read the master track. Bits of MASTERMUTESOLO: 1 muted, 4 mono (the latter not confirmed)."""
    volume = section.fields("MASTER_VOLUME")
    flags = section.fields("MASTERMUTESOLO").whole(0)
    return Master(
        gain_db=lin_to_db(volume.real(0, 1.0)),
        pan=volume.real(1),
        muted=bool(flags & 1),
        mono=bool(flags & 4),
        automation_mode=automation_mode(section.fields("MASTERAUTOMODE"), "Master", reading),
        effects=_master_effects(section),
        envelopes=_master_envelopes(section, reading),
    )


def _master_effects(section: Section) -> tuple[FxSlot, ...]:
    """Return the master's plug-ins; all bypassed where MASTER_FX is off."""
    slots = read_fx_chain(section.chunk("MASTERFXLIST"))
    if section.fields("MASTER_FX").flag(0, True):
        return slots
    return tuple(FxSlot(s.id, s.name, s.kind, True, s.offline, s.is_instrument) for s in slots)


def _master_envelopes(section: Section, reading: Reading) -> tuple[Envelope, ...]:
    return tuple(reading.envelope(c, kind) for tag, kind in _MASTER_TAGS.items() for c in section.chunks(tag)[:1])
