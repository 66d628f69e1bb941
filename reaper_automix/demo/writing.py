"""Writes the demo session: audio files and a project that refers to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf

from reaper_automix.demo.layout import build_session
from reaper_automix.demo.parts import Part, fader_levels_db, perform
from reaper_automix.errors import SessionError
from reaper_automix.files import backup_of, whole_file, write_text_whole
from reaper_automix.hosts.rpp import new_project_text
from reaper_automix.session import Session

DEFAULT_SEED = 3026
"""A quiet singer between a loud guitar and loud keys: something to put right."""
PROJECT_NAME = "demo.RPP"
AUDIO_FOLDER = "Audio"


def write_demo_session(folder: Path, *, rng_seed: int = DEFAULT_SEED) -> Path:
    """Write the demo session into a folder, which is made if it is missing.

    The same seed gives the same session; a project that is there already and differs is kept with ``.bak`` behind its
    name.

    Parameters
    ----------
    folder : Path
        Where the project goes; its audio goes into ``Audio`` in there.
    rng_seed : int
        Decides the performance, the recording levels and the faders.

    Returns
    -------
    Path
        The project file.

    Raises
    ------
    SessionError
        If something cannot be written.
    """
    rng = np.random.default_rng(rng_seed)
    parts = perform(rng)
    audio_folder = _made(folder.resolve() / AUDIO_FOLDER)
    files = {part.name: _write_part(audio_folder, part) for part in parts}
    project = folder.resolve() / PROJECT_NAME
    session = build_session(parts, files, fader_levels_db([part.name for part in parts], rng), project, rng)
    _write_project(project, session)
    return project


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SessionError(f"{folder}: cannot be made ({error.strerror}). Give another place with --out.") from error
    return folder


def _write_part(folder: Path, part: Part) -> Path:
    path = folder / f"{part.name}{part.suffix}"
    try:
        with whole_file(path) as temporary:
            # libsndfile would judge the format by the temporary name.
            sf.write(temporary, part.audio.T, part.sample_rate_hz, subtype="PCM_16", format=part.suffix[1:].upper())
    except sf.LibsndfileError as error:
        raise SessionError(
            f"{path}: cannot be written ({getattr(error, 'error_string', error)}). "
            "Make room on the disk, or give another --out."
        ) from error
    return path


def _write_project(project: Path, session: Session) -> None:
    with backup_of(project):
        write_text_whole(project, new_project_text(session, folder=project.parent))
