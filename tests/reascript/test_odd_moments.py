"""Moments that an engineer can choose and REAPER can refuse: every one ends with a message, and nothing half-done."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from double.api import DoubleApi
from double.reaper import DoubleReaper
from double.scripts import ScriptHost
from open_sessions import Faulty, guid, rides_json, session

from reaper_automix.edits import (
    AddBus,
    AddTake,
    Edit,
    RemoveBus,
    RemoveTake,
    RestoreEffect,
    RestoreSend,
    SetEffect,
    SetSend,
)
from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.errors import SessionError
from reaper_automix.reascript.actions import changed_roles
from reaper_automix.reascript.api import Reaper
from reaper_automix.reascript.deferred import told
from reaper_automix.reascript.installed import SCHEMA
from reaper_automix.reascript.open_project import ReaperHost
from reaper_automix.reascript.own_effects import shown_number
from reaper_automix.reascript.state import SharedState
from reaper_automix.reascript.watcher import Watcher
from reaper_automix.session import SendMode

OpenReaper = Callable[..., DoubleReaper]
REPOSITORY = Path(__file__).resolve().parents[2]
RECORDING = 4
YES, NO = 6, 7
ONE, TWO, BUS = guid(1, 1), guid(1, 2), guid(9, 1)
TAG = "Automix: compressor"
SQUEEZE = CompressorSettings(-21.3, ratio=3.7, knee_db=6.0, attack_ms=30.0, release_ms=200.0, makeup_db=2.5)


def note_install(reaper: DoubleReaper, root: Path = REPOSITORY) -> None:
    """Leave the note of install.py."""
    folder = reaper.resource_path / "reaper_automix"
    folder.mkdir(parents=True, exist_ok=True)
    note = {"schema": SCHEMA, "root": str(root), "python": sys.executable, "version": "0"}
    (folder / "install.json").write_text(json.dumps(note), encoding="utf-8")


# --- actions ---------------------------------------------------------------------------------------------------------


class Desk:
    """A REAPER with our actions in its list, in this process."""

    def __init__(self, reaper: DoubleReaper, scripts: Path) -> None:
        shutil.copytree(REPOSITORY / "actions", scripts)
        note_install(reaper)
        self.reaper, self.folder = reaper, scripts
        self.scripts = ScriptHost(reaper)
        self.state = SharedState(DoubleApi(reaper))

    def trigger(self, action: str) -> list[str]:
        """Trigger an action; return what boxes say."""
        self.reaper.boxes.clear()
        self.scripts.run_script(self.folder / f"{action}.py")
        self.scripts.tick()  # an action defers nothing, which keeps REAPER from making an undo point of it
        assert self.scripts.script_errors == []
        return [text for text, _, _ in self.reaper.boxes]

    def pretend_a_run(self, *, total: float = 4.0) -> None:
        """Have a watcher say that a run goes on in the project in front."""
        job = {"title": "Automix: rides", "stage": "Listening", "label": "Kick", "done": 1.0, "elapsed_s": 3.0}
        self.state.set_jobs({Reaper(DoubleApi(self.reaper)).project: {**job, "total": total}})
        self.state.keep_watch()


@pytest.fixture
def desk(open_reaper: OpenReaper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setitem(sys.modules, "automix_start", None)
    monkeypatch.delitem(sys.modules, "automix_start")
    yield Desk(open_reaper(session(tmp_path, 3)), tmp_path / "Scripts")
    sys.modules.pop("automix_start", None)


def test_an_action_of_another_version_is_explained(desk: Desk) -> None:
    text = (desk.folder / "Automix balance.py").read_text().replace('start("balance")', 'start("polish")')
    (desk.folder / "Automix polish.py").write_text(text)
    assert desk.trigger("Automix polish") == ["There is no Automix action 'polish'. Run install.py again."]


def test_nothing_begins_while_reaper_records_or_without_tracks(desk: Desk) -> None:
    desk.reaper.current.play_state = RECORDING
    assert "REAPER is recording. Stop the recording" in desk.trigger("Automix balance")[0]
    desk.reaper.current.play_state = 0
    desk.reaper.open_project(b"<REAPER_PROJECT 0.1\n>\n")
    assert desk.trigger("Automix balance") == ["This project has no tracks: nothing to mix."]
    assert desk.state.take_requests() == []


def test_a_watcher_that_reaper_does_not_take_leaves_no_request_behind(desk: Desk) -> None:
    (desk.folder / "automix_watch.py").unlink()
    (box,) = desk.trigger("Automix balance")
    assert "REAPER did not take" in box
    assert "Run install.py again" in box
    assert desk.state.take_requests() == [], "else it would begin by itself with the next run"


@pytest.mark.parametrize("action", ["Automix balance", "Automix revert", "Automix status"])
def test_while_a_run_goes_on_its_state_is_shown_and_a_cancel_offered(desk: Desk, action: str) -> None:
    desk.pretend_a_run()
    desk.reaper.box_answers.extend([NO, YES])
    (box,) = desk.trigger(action)
    assert "Listening 1 of 4 Kick" in box
    assert desk.state.take_requests() == []
    desk.trigger(action)
    assert [request.get("cancel") for request in desk.state.take_requests()] == [True]


def test_the_status_of_a_project_without_a_run_names_the_others(desk: Desk) -> None:
    assert desk.trigger("Automix status") == ["No Automix runs in this project."]
    desk.pretend_a_run(total=0.0)
    desk.reaper.box_answers.append(NO)
    assert "Listening Kick" in desk.trigger("Automix status")[0]
    desk.reaper.open_project(b"<REAPER_PROJECT 0.1\n>\n")
    assert desk.trigger("Automix status") == ["No Automix runs in this project. 1 in other project tabs."]


def test_the_role_of_no_track_and_a_closed_box_change_nothing(desk: Desk) -> None:
    desk.reaper.select_only()
    assert "No track is selected" in desk.trigger("Automix role of the selected tracks")[0]
    desk.reaper.select_only("Track 2 ü")
    desk.reaper.input_answers.append(None)
    assert desk.trigger("Automix role of the selected tracks") == []
    assert desk.reaper.console == ""
    assert not desk.reaper.current.is_dirty


def test_roles_that_cannot_be_read_are_begun_anew() -> None:
    assert changed_roles("{", [ONE], "kick") == changed_roles("", [ONE], "kick")
    assert ONE in changed_roles("", [ONE], "kick")
    with pytest.raises(SessionError, match="auto"):
        changed_roles("", [ONE], "triangle of doom")


def test_no_report_yet_and_preferences_left_as_they_are(desk: Desk) -> None:
    assert "No run in this project has left a report yet" in desk.trigger("Automix report of the last run")[0]
    desk.reaper.input_answers.append(None)
    desk.trigger("Automix settings")
    assert desk.state.preferences() == {}


def test_a_second_watcher_leaves_the_work_to_the_first(desk: Desk) -> None:
    desk.pretend_a_run()
    desk.trigger("automix_watch")
    assert desk.scripts.runs == [], "nothing of the second is deferred"
    assert len(desk.state.jobs()) == 1


def test_a_deferred_failure_is_told_once_or_raised_where_nobody_can_tell(desk: Desk) -> None:
    def fails() -> None:
        raise SessionError("The desk is on fire.")

    with pytest.raises(SessionError, match="on fire"):
        told(fails)()
    sys.modules["automix_start"] = type(sys)("automix_start")
    shown: list[Exception] = []
    sys.modules["automix_start"].show_failure = shown.append  # type: ignore[attr-defined]
    told(fails)()
    assert [str(error) for error in shown] == ["The desk is on fire."]


# --- the watcher and its jobs ----------------------------------------------------------------------------------------

WORKER = """
import json, sys, time
def say(**event):
    print(json.dumps(event), flush=True)
say(event='start', pid=1)
"""


class Watch:
    """A watcher whose worker is a small program."""

    def __init__(self, reaper: DoubleReaper, clone: Path, program: str = "", api: Any = None) -> None:
        (clone / "reaper_automix").mkdir(parents=True)
        (clone / "reaper_automix" / "__init__.py").write_text("")
        (clone / "reaper_automix" / "worker.py").write_text(WORKER + program)
        note_install(reaper, clone)
        self.reaper, self.api = reaper, api or DoubleApi(reaper)
        self.state = SharedState(self.api)
        self.state.set_preferences({"render": "never"})
        self.deferred = 0
        self.watcher = Watcher(self.api, self._defer)
        self.project = Reaper(self.api).project

    def _defer(self) -> None:
        self.deferred += 1

    def ask(self, **request: Any) -> None:
        self.state.add_request({"project": self.project, "mixer": "balance", "title": "Automix: balance", **request})

    def turns_until(self, over: Callable[[], bool], limit_s: float = 15.0) -> None:
        until_s = time.monotonic() + limit_s
        self.watcher.turn()
        while not over() and time.monotonic() < until_s:
            time.sleep(0.005)
            self.watcher.turn()
        assert over(), (self.state.jobs(), self.reaper.boxes, self.reaper.console)

    def is_idle(self) -> bool:
        return not self.state.is_watched()


def test_a_run_begins_where_it_was_asked_for_and_only_once(open_reaper: OpenReaper, tmp_path: Path) -> None:
    watch = Watch(open_reaper(session(tmp_path, 3)), tmp_path / "clone", "time.sleep(60)")
    watch.ask(window=False)
    watch.ask(window=False)
    watch.ask(project="(ReaProject*)0x0000000000000BAD", cancel=True)
    watch.turns_until(lambda: any(job["stage"] == "Starting" for job in watch.state.jobs().values()))
    assert len(watch.state.jobs()) == 1
    watch.ask(cancel=True)
    watch.turns_until(watch.is_idle)
    assert "Cancelled: nothing was changed." in watch.reaper.console
    assert watch.reaper.current.undo_label() is None


def test_a_run_without_install_py_is_explained(open_reaper: OpenReaper, tmp_path: Path) -> None:
    watch = Watch(open_reaper(session(tmp_path, 3)), tmp_path / "clone")
    (watch.reaper.resource_path / "reaper_automix" / "install.json").unlink()
    watch.ask()
    watch.turns_until(watch.is_idle)
    assert "run install.py" in watch.reaper.boxes[0][0]


def test_a_run_that_hardly_began_ends_with_a_box(open_reaper: OpenReaper, tmp_path: Path) -> None:
    watch = Watch(open_reaper(session(tmp_path, 3)), tmp_path / "clone")
    watch.reaper.current.play_state = RECORDING
    watch.ask()
    watch.turns_until(watch.is_idle)
    assert "REAPER is recording" in watch.reaper.boxes[0][0]


def test_a_run_whose_window_tells_the_end_says_it_nowhere_else(open_reaper: OpenReaper, tmp_path: Path) -> None:
    program = "say(event='session')\nsay(event='failed')"
    watch = Watch(open_reaper(session(tmp_path, 3)), tmp_path / "clone", program)
    watch.ask(window=True)
    watch.turns_until(watch.is_idle)
    assert (watch.reaper.boxes, watch.reaper.console) == ([], "")
    (receipt,) = (watch.reaper.resource_path / "reaper_automix" / "runs").glob("*/receipt.json")
    assert "The worker failed and gave no reason" in json.loads(receipt.read_text())["lines"][0]


def test_a_watcher_that_cannot_go_on_ends_its_workers(open_reaper: OpenReaper, tmp_path: Path) -> None:
    reaper = open_reaper(session(tmp_path, 3))
    api = Faulty(reaper, "GetExtState", -1, RuntimeError("REAPER is closing"))
    watch = Watch(reaper, tmp_path / "clone", "time.sleep(60)", api)
    watch.ask()
    watch.turns_until(lambda: any(job["stage"] == "Starting" for job in watch.state.jobs().values()))
    (job,) = watch.watcher._jobs
    api._left = 1
    with pytest.raises(RuntimeError, match="closing"):
        watch.watcher.turn()
    assert watch.is_idle()
    until_s = time.monotonic() + 5.0
    while not job.is_gone() and time.monotonic() < until_s:
        time.sleep(0.01)
    assert job.is_gone(), "its worker has ended"
    (run,) = (reaper.resource_path / "reaper_automix" / "runs").iterdir()
    assert (run / "closed").exists()


def test_an_error_before_a_run_has_a_folder_is_told(open_reaper: OpenReaper, tmp_path: Path) -> None:
    reaper = open_reaper(session(tmp_path, 3))
    api = Faulty(reaper, "GetPlayStateEx", 1, RuntimeError("odd"))
    watch = Watch(reaper, tmp_path / "clone", "", api)
    watch.ask()
    watch.turns_until(watch.is_idle)
    assert "Nothing was written: an unexpected error, RuntimeError('odd')" in reaper.boxes[0][0]


@pytest.mark.parametrize(
    ("meanwhile", "words"),
    [("cancel", "Cancelled: nothing was changed."), ("close", "The project was closed before it was read")],
)
def test_a_run_waits_for_its_tab_and_can_end_there(
    open_reaper: OpenReaper, tmp_path: Path, meanwhile: str, words: str
) -> None:
    watch = Watch(open_reaper(session(tmp_path, 24, 200)), tmp_path / "clone")
    own = watch.reaper.current
    watch.ask(window=False)
    watch.watcher.turn()
    watch.reaper.open_project(b"<REAPER_PROJECT 0.1\n>\n")
    watch.turns_until(lambda: any(job["stage"].startswith("Waiting until this") for job in watch.state.jobs().values()))
    if meanwhile == "cancel":
        watch.ask(cancel=True)
    else:
        watch.reaper.close_project(own)
    watch.turns_until(watch.is_idle)
    assert words in watch.reaper.console + "".join(text for text, _, _ in watch.reaper.boxes)


def test_a_cancel_while_the_project_is_read_ends_the_run(open_reaper: OpenReaper, tmp_path: Path) -> None:
    watch = Watch(open_reaper(session(tmp_path, 24, 200)), tmp_path / "clone")
    watch.ask(window=False)
    watch.watcher.turn()
    watch.ask(cancel=True)
    watch.turns_until(watch.is_idle)
    assert "Cancelled: nothing was changed." in watch.reaper.console
    (run,) = (watch.reaper.resource_path / "reaper_automix" / "runs").iterdir()
    assert not (run / "request.json").exists(), "no worker was started"


def test_a_time_selection_before_the_project_is_refused(open_reaper: OpenReaper, tmp_path: Path) -> None:
    watch = Watch(open_reaper(session(tmp_path, 3)), tmp_path / "clone")
    watch.api.GetSet_LoopTimeRange2(watch.project, True, False, -4.0, -1.0, False)
    watch.ask()
    watch.turns_until(watch.is_idle)
    assert "The time selection ends before the project starts" in watch.reaper.boxes[0][0]


# --- edits that REAPER refuses ---------------------------------------------------------------------------------------


def added_take(folder: Path) -> AddTake:
    file = folder / "louder.wav"
    file.write_bytes(b"RIFF")
    return AddTake(ONE, guid(2, 10_000), guid(7, 1), str(file), "louder")


def squeezed(effect_id: str = guid(8, 1), settings: CompressorSettings = SQUEEZE) -> SetEffect:
    return SetEffect(ONE, effect_id, "ReaComp", TAG, settings)


def host_of(api: Any) -> ReaperHost:
    return ReaperHost(Reaper(api), "Automix: hand")


class Deaf(Faulty):
    """A REAPER in which one function never does anything."""

    def __getattr__(self, name: str) -> Any:
        return (lambda *_: self._answer) if name == self._name else super().__getattr__(name)


@pytest.mark.parametrize(
    ("function", "nth", "answer", "edit", "words"),
    [
        ("SetItemStateChunk", 1, False, "take", "REAPER refused an item with its new take"),
        ("SetItemStateChunk", 1, True, "take", "the take of track 'Track 1 ü' did not read back as written"),
        ("SetTrackSendInfo_Value", 7, True, "send", "the send of track 'Track 1 ü' did not read back as written"),
        ("TrackFX_SetParamNormalized", 0, True, "effect", "the plug-in 'Automix: compressor' of track 'Track 1 ü'"),
    ],
)
def test_an_edit_that_does_not_arrive_leaves_the_project_as_it_was(
    open_reaper: OpenReaper, tmp_path: Path, function: str, nth: int, answer: Any, edit: str, words: str
) -> None:
    reaper = open_reaper(session(tmp_path, 3))
    before = host_of(DoubleApi(reaper)).read_session()
    edits: dict[str, Edit] = {
        "take": added_take(tmp_path),
        "send": SetSend(ONE, TWO, -6.0, SendMode.PRE_FX),
        "effect": squeezed(),
    }
    api = Faulty(reaper, function, nth, answer) if nth else Deaf(reaper, function, 0, answer)
    with pytest.raises(SessionError, match=f"{words}.*Nothing was changed"):
        host_of(api).write([edits[edit]], "")
    assert host_of(DoubleApi(reaper)).read_session() == before


class WithoutUndo(Faulty):
    """A REAPER whose undo is switched off, and in which the record of a run does not arrive once."""

    def __init__(self, reaper: DoubleReaper) -> None:
        super().__init__(reaper, "SetProjExtState", 1, 0)

    def __getattr__(self, name: str) -> Any:
        if name == "Undo_CanUndo2":
            raise AttributeError("'NoneType' object has no attribute 'decode'")
        return super().__getattr__(name)


def test_without_undo_everything_is_put_back_by_hand(open_reaper: OpenReaper, tmp_path: Path) -> None:
    reaper = open_reaper(session(tmp_path, 3))
    first = host_of(DoubleApi(reaper))
    first.write([squeezed(), SetSend(ONE, TWO, -6.0, SendMode.PRE_FX)], "")
    before = host_of(DoubleApi(reaper)).read_session()
    own = before.track(ONE).effects[0].id
    edits: list[Edit] = [
        squeezed(own, replace(SQUEEZE, ratio=9.0)),
        squeezed(guid(8, 2)),
        SetSend(ONE, TWO, -3.0, SendMode.POST_FADER),
        AddBus(BUS, "Automix reverb"),
        SetSend(TWO, BUS, -9.0, SendMode.POST_FADER),
        added_take(tmp_path),
    ]
    with pytest.raises(SessionError, match=r"the record of this run did not read back.*Nothing was changed"):
        host_of(WithoutUndo(reaper)).write(edits, '{"a": 1}')
    assert host_of(DoubleApi(reaper)).read_session() == before


def test_sends_and_plugins_are_set_back_or_taken_out_and_what_is_gone_is_not_missed(
    open_reaper: OpenReaper, tmp_path: Path
) -> None:
    reaper = open_reaper(session(tmp_path, 3))
    before = host_of(DoubleApi(reaper)).read_session()
    host = host_of(DoubleApi(reaper))
    host.write([squeezed(), SetSend(ONE, TWO, -6.0, SendMode.PRE_FX)], "")
    own = host.read_session().track(ONE).effects[0].id
    softer = replace(SQUEEZE, ratio=2.0)
    host.write([RestoreEffect(ONE, own, softer), RestoreSend(ONE, TWO, (-12.0, SendMode.POST_FADER))], "")
    now = host_of(DoubleApi(reaper)).read_session()
    (send,) = now.track(TWO).receives
    assert (round(send.gain_db, 6), send.mode) == (-12.0, SendMode.POST_FADER)
    settings = now.track(ONE).effects[0].settings
    assert isinstance(settings, CompressorSettings)
    assert settings.ratio == pytest.approx(2.0, rel=0.01)
    taken: list[Edit] = [RestoreEffect(ONE, own, None), RestoreSend(ONE, TWO, None)]
    host.write(taken, "")
    host_of(DoubleApi(reaper)).write([*taken, AddBus(BUS, "one"), RemoveBus(BUS)], "again")
    after = host_of(DoubleApi(reaper)).read_session()
    assert (after.track(ONE).effects, after.track(TWO).receives) == ((), ())
    assert [track.id for track in after.tracks] == [track.id for track in before.tracks]


def test_a_take_of_an_item_that_is_gone_or_already_back_is_told(open_reaper: OpenReaper, tmp_path: Path) -> None:
    reaper = open_reaper(session(tmp_path, 3))
    before = host_of(DoubleApi(reaper)).read_session()
    gone = replace(added_take(tmp_path), item_id=guid(2, 77))
    with pytest.raises(SessionError, match=r"an item is not in the project any more.*Nothing was changed"):
        host_of(DoubleApi(reaper)).write([gone], "")
    nowhere = replace(added_take(tmp_path), track_id=guid(1, 77))
    with pytest.raises(SessionError, match="has no track"):
        host_of(DoubleApi(reaper)).write([nowhere], "")
    assert host_of(DoubleApi(reaper)).read_session() == before


def test_a_take_that_a_later_edit_removes_is_not_looked_for(open_reaper: OpenReaper, tmp_path: Path) -> None:
    reaper = open_reaper(session(tmp_path, 3))
    before = host_of(DoubleApi(reaper)).read_session()
    add = added_take(tmp_path)
    was = before.track(ONE).items[0].takes[0].id
    host_of(DoubleApi(reaper)).write([add, RemoveTake(ONE, add.item_id, add.take_id, was)], "")
    after = host_of(DoubleApi(reaper)).read_session()
    assert [take.id for take in after.track(ONE).items[0].takes] == [was]


@pytest.mark.parametrize(
    ("function", "answer", "words"),
    [
        ("GetSetMediaTrackInfo_String", None, "id that the plan gives it"),
        ("GetMediaTrackInfo_Value", 1.0, "last folder is not closed"),
    ],
)
def test_a_bus_that_cannot_be_made_leaves_nothing(
    open_reaper: OpenReaper, tmp_path: Path, function: str, answer: Any, words: str
) -> None:
    reaper = open_reaper(session(tmp_path, 3))
    before = host_of(DoubleApi(reaper)).read_session()

    class Stubborn(Faulty):
        def __getattr__(self, name: str) -> Any:
            ask = super().__getattr__(name)

            def call(*arguments: Any) -> Any:
                if name == function == "GetMediaTrackInfo_Value" and arguments[1] == "I_FOLDERDEPTH":
                    return answer
                if name == function == "GetSetMediaTrackInfo_String" and arguments[1:] == ("GUID", BUS, True):
                    return (False, *arguments)
                return ask(*arguments)

            return call

    with pytest.raises(SessionError, match=f"{words}.*Nothing was changed"):
        host_of(Stubborn(reaper, "", 0, None)).write([AddBus(BUS, "Automix reverb")], "")
    assert host_of(DoubleApi(reaper)).read_session() == before


# --- what is read ----------------------------------------------------------------------------------------------------


class Answering(Faulty):
    """A REAPER in which one function answers something else for some arguments."""

    def __init__(self, reaper: DoubleReaper, name: str, answers: dict[object, Any]) -> None:
        super().__init__(reaper, name, 0, None)
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        function = super().__getattr__(name)
        if name != self._name:
            return function
        return lambda *asked: self._answers[asked[1]] if asked[1] in self._answers else function(*asked)


@pytest.mark.parametrize(
    ("flags", "rate_hz", "offset_s", "said"),
    [(0.0, 48000, 480.0, ""), (2.0, 48000, 0.01, ""), (2.0, None, 0.0, "sets no sample rate"), (1.0, 48000, 0.0, "")],
    ids=["seconds", "samples", "no rate", "bypassed"],
)
def test_a_tracks_offset_is_read_in_seconds(
    open_reaper: OpenReaper, tmp_path: Path, flags: float, rate_hz: int | None, offset_s: float, said: str
) -> None:
    reaper = open_reaper(replace(session(tmp_path, 1), sample_rate_hz=rate_hz))
    answers: dict[object, Any] = {"D_PLAY_OFFSET": 480.0, "I_PLAY_OFFSET_FLAG": flags}
    read = host_of(Answering(reaper, "GetMediaTrackInfo_Value", answers)).read_session()
    assert read.tracks[0].play_offset_s == pytest.approx(offset_s)
    assert [said in note for note in read.notes if "offset" in note] == ([True] if said else [])


def test_an_item_that_does_not_fit_reapers_answer_is_kept_as_one_that_is_not_heard(
    open_reaper: OpenReaper, tmp_path: Path
) -> None:
    reaper = open_reaper(session(tmp_path, 1))
    cut = (True, "", "<ITEM\nPOSITION 0\n", 0, False)
    read = host_of(Faulty(reaper, "GetItemStateChunk", 1, cut)).read_session()
    (item,) = read.tracks[0].items
    assert (item.length_s, item.takes[0].source.path) == (240.0, None)


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("-inf dB", "dB", float("-inf")),
        ("inf", "dB", float("inf")),
        ("1.2 kHz", "Hz", 1200.0),
        ("0.25 s", "ms", 250.0),
        ("off", "", None),
    ],
)
def test_what_a_knob_shows_is_read_as_a_number(text: str, unit: str, number: float | None) -> None:
    assert shown_number(text, unit) == number


def test_a_run_waits_until_the_recording_ends_and_then_writes(open_reaper: OpenReaper, tmp_path: Path) -> None:
    plan = rides_json(session(tmp_path, 3))
    program = f"import pathlib\n(pathlib.Path(sys.argv[1]) / 'plan.json').write_text({plan!r})\nsay(event='done')"
    watch = Watch(open_reaper(session(tmp_path, 3)), tmp_path / "clone", program)
    watch.ask(window=False)
    watch.turns_until(lambda: any(job["stage"] == "Starting" for job in watch.state.jobs().values()))
    watch.reaper.current.play_state = RECORDING
    watch.turns_until(lambda: any("recording ends" in job["stage"] for job in watch.state.jobs().values()))
    assert watch.reaper.current.undo_label() is None
    watch.reaper.current.play_state = 0
    watch.turns_until(watch.is_idle)
    assert "6 written." in watch.reaper.console
    assert watch.reaper.current.undo_label() == "Automix: rides"
