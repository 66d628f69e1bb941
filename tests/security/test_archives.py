"""Model files, packages and packed texts that somebody has made to hurt: refused before they take memory or run."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import pickle
import shutil
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reaper_automix import models_folder
from reaper_automix.analysis import drum_levels, drum_mic_audio, role_audio
from reaper_automix.chunks import text as chunk_text
from reaper_automix.errors import AutomixError, CorpusError, ModelError
from reaper_automix.learning import stored_arrays
from reaper_automix.learning.stored_arrays import arrays_of
from reaper_automix.mixers import (
    balance_model,
    ride_model,
    role_offsets,
    strip_controller,
    tone_network,
    vocal_network,
)
from reaper_automix.training.corpora import gm_sources
from reaper_automix.training.corpora.gm_sources import unpack_deb

REPOSITORY = Path(__file__).resolve().parents[2]
MB = 1_000_000

LOADERS: dict[str, Callable[[], object]] = {
    "balance": balance_model.load_balance_model,
    "drum_mics": drum_mic_audio.load_mic_model,
    "drums": drum_levels.drum_levels,
    "rides": ride_model.load_ride_model,
    "role_offsets": role_offsets.load_role_offsets,
    "roles": role_audio.load_role_classifier,
    "strips": strip_controller.load_strip_controller,
    "tone": tone_network.load_model,
    "vocal_level": vocal_network.load_vocal_network,
}


class Runs:
    """What a pickle can do."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("pwned"),))


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def npy_header(description: str) -> bytes:
    text = description.encode("latin1") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


# --- arrays --------------------------------------------------------------------------------------------------------


def test_arrays_come_back_as_they_were_stored() -> None:
    stored = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.array("text"),
        "c": np.array(3),
        "d": np.zeros(0),
    }
    read = arrays_of(npz(**stored))
    assert read.keys() == stored.keys()
    for name, array in stored.items():
        assert (read[name].dtype, read[name].shape) == (array.dtype, array.shape)
        assert (read[name] == array).all()


def test_a_small_file_that_unpacks_to_much_is_refused_without_unpacking(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = npz(zeros=np.zeros(100 * MB // 8))
    assert len(bomb) < MB // 4
    monkeypatch.setattr(stored_arrays, "MOST_BYTES", 50 * MB)
    tracemalloc.start()
    with pytest.raises(ValueError, match="at most 50000000 are read"):
        arrays_of(bomb, most_bytes=50 * MB)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * MB


def test_a_directory_that_lies_about_sizes_is_refused() -> None:
    """The sizes in the archive's directory are set to 8; zipfile then reads no more, and the header does not fit."""
    data = bytearray(npz(zeros=np.zeros(MB)))
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (8).to_bytes(4, "little")
    with pytest.raises(ValueError, match="no arrays can be read"):
        arrays_of(bytes(data))


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 99999999999), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '|V8', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<M8[s]', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': __import__('os').getpid(), }",
        "[" * 5000,
        "",
        "None",
        "{'descr': '<f8'}",
    ],
)
def test_headers_that_announce_what_is_not_there_are_refused(header: str) -> None:
    with pytest.raises(ValueError, match="no arrays can be read"):
        arrays_of(zipped("a.npy", npy_header(header) + bytes(8)))


def test_objects_and_pickles_are_refused_and_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for stored in (
        npz(a=np.array([Runs()], dtype=object)),
        pickle.dumps(Runs()),
        zipped("a.npy", pickle.dumps(Runs())),
    ):
        with pytest.raises(ValueError, match="no arrays can be read"):
            arrays_of(stored)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stored", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"\x93NUMPY", b"{}", bytes(100)])
def test_what_is_no_archive_is_refused_or_empty(stored: bytes) -> None:
    said = ""
    try:
        assert arrays_of(stored) == {}
    except ValueError as error:
        said = str(error)
    assert said == "" or "no arrays can be read" in said


def test_damage_anywhere_is_refused_or_harmless() -> None:
    whole = npz(weights=np.arange(50, dtype=np.float32), name=np.array("x"))
    rng = np.random.default_rng(11)
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(int(rng.integers(1, 4))):
            data[int(rng.integers(len(data)))] = int(rng.integers(256))
        try:
            arrays = arrays_of(
                bytes(data[: int(rng.integers(1, len(data) + 1))]) if rng.random() < 0.3 else bytes(data)
            )
        except ValueError:
            continue
        assert sum(array.nbytes for array in arrays.values()) <= stored_arrays.MOST_BYTES


# --- models --------------------------------------------------------------------------------------------------------


def _forget() -> None:
    for load in LOADERS.values():
        getattr(load, "cache_clear", lambda: None)()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the models that ship, which the loaders take for theirs."""
    folder = tmp_path / "models"
    shutil.copytree(REPOSITORY / "models", folder)
    monkeypatch.setattr(models_folder, "CANDIDATES", (folder,))
    _forget()
    yield folder
    _forget()


def test_every_model_has_a_loader_here(models: Path) -> None:
    assert {card.parent.name for card in models.glob("*/model.json")} == set(LOADERS)
    for load in LOADERS.values():
        assert load() is not None


def _weights(folder: Path) -> Path | None:
    return next((p for p in sorted(folder.iterdir()) if p.name.startswith("weights.")), None)


@pytest.mark.parametrize("name", LOADERS)
def test_a_flipped_byte_anywhere_in_the_weights_is_noticed(models: Path, name: str) -> None:
    weights = _weights(models / name)
    if weights is None:
        pytest.skip("all of this model is in its card")
    whole = weights.read_bytes()
    for at in (0, len(whole) // 2, len(whole) - 1):
        weights.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        _forget()
        with pytest.raises(ModelError, match=r"is not the file that model\.json describes"):
            LOADERS[name]()


def _signed(folder: Path, content: bytes) -> None:
    """Replace a model's weights, and have its card vouch for them, as somebody who hands out models could."""
    weights = _weights(folder)
    assert weights is not None
    weights.write_bytes(content)
    card = json.loads((folder / "model.json").read_text("utf-8"))
    card["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "model.json").write_text(json.dumps(card), "utf-8")


@pytest.mark.parametrize("name", [name for name in LOADERS if name not in ("drum_mics", "role_offsets")])
def test_weights_that_a_card_vouches_for_are_checked_all_the_same(
    models: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bad = [
        pickle.dumps(Runs()),
        npz(a=np.array([Runs()], dtype=object)),
        zipped("feature.npy", npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }")),
        b"PK\x03\x04" + bytes(40),
        b"",
        b"[" * 100_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
        b"[]",
        b"null",
        npz(),
    ]
    for content in bad:
        _signed(models / name, content)
        _forget()
        with pytest.raises(ModelError):
            LOADERS[name]()
    assert not (tmp_path / "pwned").exists()


def test_trees_that_lead_back_are_refused_instead_of_walked_for_ever(models: Path) -> None:
    arrays = arrays_of((models / "roles" / "weights.npz").read_bytes())
    inner = int(np.flatnonzero(arrays["feature"] >= 0)[0])
    changes = {"back": ("below", inner), "out": ("above", arrays["feature"].size), "before": ("below", -1)}
    for name, value in changes.values():
        changed = {key: array.copy() for key, array in arrays.items()}
        changed[name][inner] = value
        _signed(models / "roles", npz(**changed))
        _forget()
        with pytest.raises(ModelError, match="leads out of it or back"):
            role_audio.load_role_classifier()


CARD_TEXTS = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"3",
    b'"x"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"format": 1e999999}',
    b"9" * 5000,
)


@pytest.mark.parametrize("name", LOADERS)
def test_cards_that_are_none_are_refused(models: Path, name: str) -> None:
    for text in CARD_TEXTS:
        (models / name / "model.json").write_bytes(text)
        _forget()
        with pytest.raises(ModelError, match=r"model\.json"):
            LOADERS[name]()


STRANGE: tuple[Any, ...] = (None, [], {}, "text", -1, 1e308, True, {"__class__": "os.system"}, [[["deep"]]], "x" * 1000)


@pytest.mark.parametrize("name", LOADERS)
def test_a_card_with_a_strange_field_is_refused_or_does_not_matter(models: Path, name: str) -> None:
    """Each field of each card, in turn, is something else: a model error or no difference, never another exception."""
    path = models / name / "model.json"
    card = json.loads(path.read_text("utf-8"))
    for field in card:
        for value in STRANGE:
            path.write_text(json.dumps(card | {field: value}), "utf-8")
            _forget()
            with contextlib.suppress(ModelError):
                LOADERS[name]()


def test_a_model_too_large_or_no_file_at_all_is_refused(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models_folder, "MOST_BYTES", 1000)
    with pytest.raises(ModelError, match="which no model of ours has"):
        role_audio.load_role_classifier()
    monkeypatch.undo()
    (models / "roles" / "model.json").unlink()
    (models / "roles" / "model.json").mkdir()
    monkeypatch.setattr(models_folder, "CANDIDATES", (models,))
    with pytest.raises(ModelError, match="is missing"):
        role_audio.load_role_classifier()


# --- texts in a project --------------------------------------------------------------------------------------------


def test_a_packed_text_in_a_project_is_unpacked_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk_text, "MAX_TEXT_BYTES", MB)
    bomb = base64.urlsafe_b64encode(zlib.compress(bytes(200 * MB), 9)).decode()
    tracemalloc.start()
    with pytest.raises(ValueError, match="unpacks to more than 1 MB"):
        chunk_text.join_ext_state_pieces([bomb])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * MB
    assert chunk_text.join_ext_state_pieces(chunk_text.ext_state_pieces("ä" * 400_000)) == "ä" * 400_000
    cut = "".join(chunk_text.ext_state_pieces("some text " * 100))[:-8]
    with pytest.raises(ValueError, match=r"cut off|missing"):
        chunk_text.join_ext_state_pieces([cut])


# --- packages of songs ---------------------------------------------------------------------------------------------


def deb(fill: Callable[[tarfile.TarFile], object]) -> bytes:
    """Return a Debian package whose data are what ``fill`` puts there."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        fill(archive)
    content = buffer.getvalue()
    head = b"data.tar.xz".ljust(16) + b"0".ljust(12) + b"0".ljust(6) * 2 + b"100644".ljust(8)
    return b"!<arch>\n" + head + str(len(content)).encode().ljust(10) + b"`\n" + content + b"\n" * (len(content) % 2)


def member(name: str, content: bytes = b"x", **changes: Any) -> Callable[[tarfile.TarFile], object]:
    def fill(archive: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.size = len(content) if "type" not in changes else 0
        for key, value in changes.items():
            setattr(info, key, value)
        archive.addfile(info, io.BytesIO(content))

    return fill


@pytest.mark.parametrize(
    "fill",
    [
        member("../escape"),
        member("a/../../escape"),
        member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("link", type=tarfile.SYMTYPE, linkname="../../escape"),
        member("link", type=tarfile.LNKTYPE, linkname="../escape"),
        member("device", type=tarfile.CHRTYPE),
        member("pipe", type=tarfile.FIFOTYPE),
    ],
)
def test_packages_do_not_reach_out_of_their_folder(tmp_path: Path, fill: Callable[[tarfile.TarFile], object]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(CorpusError, match="damaged or packed in an unknown way"):
        unpack_deb(deb(fill), folder, name="evil.deb")
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


def test_an_absolute_name_lands_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    unpack_deb(deb(member("/usr/share/song.mid", b"MThd")), tmp_path / "in", name="plain.deb")
    assert (tmp_path / "in" / "usr" / "share" / "song.mid").read_bytes() == b"MThd"


def test_a_package_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gm_sources, "MOST_BYTES", MB)
    with pytest.raises(CorpusError, match="more than 1 MB"):
        unpack_deb(deb(member("big.wad", bytes(2 * MB))), tmp_path, name="big.deb")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"!<arch>\n", b"!<arch>\n" + b"x" * 60, b"!<arch>\n" + b"-" * 59 + b"\n"])
def test_damaged_packages_are_named(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(AutomixError, match=r"evil\.deb"):
        unpack_deb(data, tmp_path, name="evil.deb")
