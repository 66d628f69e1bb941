"""Plans of other versions, sessions and hands; models that are damaged, foreign or hostile."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faults.scenes import contents, of, renew
from faults.warm import Ended, Warm
from reaper_automix import doctor as doctor_room
from reaper_automix import models_folder as models
from reaper_automix.errors import ModelError
from reaper_automix.mixers import balance_model, ride_model, strip_controller, tone_network, vocal_network

Go = Callable[..., Ended]


@pytest.fixture(scope="module")
def folder(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return renew(pristine, tmp_path_factory.mktemp("plans") / "scene")


@pytest.fixture
def applied(warm: Warm, folder: Path) -> Callable[[Any], Ended]:
    """Apply a plan, given as data or text; what it could touch besides its target must be as it was."""

    def run(plan: Any) -> Ended:
        text = plan if isinstance(plan, str) else json.dumps(plan)
        (folder / "tried.json").write_text(text, "utf-8", errors="surrogateescape")
        for old in folder.glob("tried.RPP*"):
            old.unlink()
        before = contents(folder)
        ended = warm.run(of(folder, ("apply", "tried.json", "song.RPP", "--out", "tried.RPP"), counted=False))
        after = contents(folder)
        after.pop("tried.RPP", None)
        assert after == before
        assert "Traceback" not in ended.said, ended.said
        return ended

    return run


@pytest.fixture
def plan(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "plan.json").read_text("utf-8"))
    return data


def with_move(plan: dict[str, Any], **change: Any) -> dict[str, Any]:
    """Return a plan whose first move has other fields."""
    return plan | {"moves": [plan["moves"][0] | change, *plan["moves"][1:]]}


# --- plans ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", ["reaper_automix.mixplan/2", "reaper_automix.mixplan/99", "other/1", "", 1, None])
def test_a_plan_of_a_newer_version(applied: Callable[[Any], Ended], plan: dict[str, Any], schema: Any) -> None:
    ended = applied(plan | {"schema": schema})
    assert ended.code == 1, ended.said
    assert "tried.json" in ended.said
    if isinstance(schema, str):
        assert "Install the version" in ended.said


WRONG_MOVES: dict[str, dict[str, Any]] = {
    "a kind of a newer version": {"kind": "spatialise"},
    "no kind": {"kind": None},
    "a level that is too high": {"after_db": 24.1},
    "a level in words": {"after_db": "loud"},
    "a level of a list": {"after_db": [1.0]},
    "no level": {"after_db": None},
    "a level beyond numbers": {"after_db": 10**400},
    "a track in words": {"track": "Kick"},
    "a track without an id": {"track": {"name": "Kick"}},
}


@pytest.mark.parametrize("what", WRONG_MOVES)
def test_moves_that_are_none(applied: Callable[[Any], Ended], plan: dict[str, Any], what: str) -> None:
    ended = applied(with_move(plan, **WRONG_MOVES[what]))
    assert ended.code == 1, ended.said
    assert "tried.json" in ended.said
    assert "again" in ended.said


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000])
def test_numbers_that_are_none(applied: Callable[[Any], Ended], plan: dict[str, Any], number: str) -> None:
    text = json.dumps(with_move(plan, after_db="HERE")).replace('"HERE"', number)
    ended = applied(text)
    assert ended.code == 1, ended.said
    assert "tried.json" in ended.said


def test_a_plan_for_another_session(applied: Callable[[Any], Ended], plan: dict[str, Any]) -> None:
    moves = [m | {"track": {"id": "{00000000-0000-0000-0000-000000000009}", "name": "Gtr"}} for m in plan["moves"]]
    ended = applied(plan | {"moves": moves})
    assert ended.code == 1, ended.said
    assert "was made for" in ended.said


def test_one_track_that_is_not_there_is_skipped(
    applied: Callable[[Any], Ended], folder: Path, plan: dict[str, Any]
) -> None:
    unknown = {"id": "{00000000-0000-0000-0000-000000000009}", "name": "Gtr"}
    ended = applied(with_move(plan, track=unknown))
    assert ended.code == 0, ended.said
    assert "1 skipped" in ended.said or "not there any more" in ended.said


def test_a_session_that_changed_since_is_said(applied: Callable[[Any], Ended], plan: dict[str, Any]) -> None:
    ended = applied(plan | {"session": plan["session"] | {"fingerprint": "0" * 40}})
    assert ended.code == 0, ended.said
    assert "has changed since the plan was made" in ended.said


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "{}", "[" * 100_000, '{"a":' * 50_000, "\x00", "\ufeff{}", "\udcff", '"reaper_automix"'],
    ids=range(11),
)
def test_text_that_is_no_plan(applied: Callable[[Any], Ended], text: str) -> None:
    ended = applied(text)
    assert ended.code == 1, ended.said
    assert "tried.json" in ended.said


# --- models --------------------------------------------------------------------------------------------------------

LOADERS: dict[str, tuple[Any, str]] = {
    "balance": (balance_model, "load_balance_model"),
    "rides": (ride_model, "load_ride_model"),
    "vocal_level": (vocal_network, "load_vocal_network"),
    "strips": (strip_controller, "load_strip_controller"),
    "tone": (tone_network, "load_model"),
}


@pytest.fixture
def copies(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Models in place of those of the project, of which one is a copy to damage."""
    own, folder = models.models_folder(), tmp_path / "models"
    folder.mkdir()
    to_damage = request.node.callspec.params.get("name", "strips")
    for path in own.iterdir():
        if path.name == to_damage:
            shutil.copytree(path, folder / path.name)
        elif path.is_dir():
            (folder / path.name).symlink_to(path)
    monkeypatch.setattr(models, "CANDIDATES", (folder,))
    for module, name in LOADERS.values():
        clear = getattr(getattr(module, name), "cache_clear", None)
        if clear is not None:
            clear()
    return folder


def weights_of(folder: Path, name: str) -> Path:
    """Return the file of a model's numbers."""
    card = json.loads((folder / name / "model.json").read_text("utf-8"))
    return next(p for p in (folder / name).iterdir() if hashlib.sha256(p.read_bytes()).hexdigest() == card["sha256"])


def load(name: str) -> object:
    module, function = LOADERS[name]
    return getattr(module, function)()


def sign(folder: Path, name: str, weights: Path) -> None:
    """Make a model's card fit other weights, as somebody hostile would."""
    card = folder / name / "model.json"
    data = json.loads(card.read_text("utf-8"))
    card.write_text(json.dumps(data | {"sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}), "utf-8")


class _Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("import pathlib; pathlib.Path('/tmp/automix-was-here').touch()",))


@functools.cache
def _bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("weight.npy", np.lib.format.MAGIC_PREFIX + b"\x01\x00" + bytes(300_000_000))
    return stream.getvalue()


def _announced() -> bytes:
    stream, array = io.BytesIO(), io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)}
    np.lib.format.write_array_header_1_0(array, header)
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("weight.npy", array.getvalue())
    return stream.getvalue()


def _objects() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, weight=np.array([_Hostile()], dtype=object))
    return stream.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a pickle": lambda: pickle.dumps(_Hostile()),
    "an npz of objects": _objects,
    "an npz that unpacks to 300 MB": _bomb,
    "an npz that announces 8 TiB": _announced,
    "nothing": lambda: b"",
    "text": lambda: b"import os",
    "deep JSON": lambda: b"[" * 200_000,
    "JSON without numbers": lambda: b"{}",
}


@pytest.mark.parametrize("name", LOADERS)
def test_weights_of_another_hash(copies: Path, name: str) -> None:
    weights = weights_of(copies, name)
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ModelError, match="is not the file that model\\.json describes"):
        load(name)


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("name", LOADERS)
def test_hostile_weights_with_a_card_that_fits(copies: Path, name: str, what: str) -> None:
    weights = weights_of(copies, name)
    weights.write_bytes(HOSTILE[what]())
    sign(copies, name, weights)
    with pytest.raises(ModelError, match=r"damaged|cannot be read"):
        load(name)
    assert not Path("/tmp/automix-was-here").exists()


CARDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "asks for code": lambda card: card | {"format": "python", "loader": "os.system"},
    "of a newer version": lambda card: card | {"format": str(card["format"]).rpartition("/")[0] + "/99"},
    "a list": lambda card: [card],
    "without a hash": lambda card: {key: value for key, value in card.items() if key != "sha256"},
    "a hash of a list": lambda card: card | {"sha256": [card["sha256"]]},
    "not there": lambda card: None,
    "half": lambda card: json.dumps(card)[:-20],
    "deep": lambda card: "[" * 200_000,
    "Latin-1": lambda card: b"\xff\xfe{",
}


@pytest.mark.parametrize("what", CARDS)
@pytest.mark.parametrize("name", LOADERS)
def test_cards(copies: Path, name: str, what: str) -> None:
    path = copies / name / "model.json"
    changed = CARDS[what](json.loads(path.read_text("utf-8")))
    if changed is None:
        path.unlink()
    else:
        data = changed if isinstance(changed, bytes) else changed if isinstance(changed, str) else json.dumps(changed)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(ModelError) as refused:
        load(name)
    assert name in str(refused.value)


@pytest.mark.parametrize("name", LOADERS)
def test_a_card_names_no_file_that_is_read(copies: Path, name: str) -> None:
    """Which file is read is decided by the code: paths in a card lead nowhere."""
    path = copies / name / "model.json"
    card = json.loads(path.read_text("utf-8"))
    more = {"weights": "../../secret.npz", "file": "/etc/passwd", "path": "..\\..\\x", "include": "../x/model.json"}
    path.write_text(json.dumps(card | {key: value for key, value in more.items() if key not in card}), "utf-8")
    assert load(name) is not None


@pytest.mark.parametrize("what", ["another hash", "weights gone", "half a card", "a card of a list"])
def test_doctor_names_a_damaged_model(copies: Path, tmp_path: Path, what: str) -> None:
    card, weights = copies / "strips" / "model.json", weights_of(copies, "strips")
    match what:
        case "another hash":
            weights.write_bytes(weights.read_bytes() + b"\x00")
        case "weights gone":
            weights.unlink()
        case "half a card":
            card.write_text(card.read_text("utf-8")[:-30], "utf-8")
        case _:
            card.write_text("[]", "utf-8")
    checks = {check.name: check for check in doctor_room.examine(cache_folder=tmp_path / "cache")}
    assert checks["Model strips"].status == "problem"
    assert checks["Model strips"].next_step
    assert "strips" not in checks["Models"].detail.partition(" in ")[0]
