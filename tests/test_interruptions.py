from __future__ import annotations

import os
import signal
import sys

import pytest

from reaper_automix.interruptions import OutputLost, Stopped, Stops, naming_written, standard_streams


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGHUP")
def test_what_was_ignored_stays_ignored_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stops():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGINT) is not before[0]
        assert signal.getsignal(signal.SIGINT) is before[0]
    finally:
        signal.signal(signal.SIGHUP, before[1])


def test_a_signal_that_was_swallowed_can_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    with Stops() as stops:
        stops.begin_work()
        with pytest.raises(Stopped) as caught:
            signal.raise_signal(signal.SIGINT)
        assert caught.value.exit_code == 130
        signal.raise_signal(signal.SIGINT)  # at once: the same wish
        now_s += 2.0
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_an_interruption_names_what_was_written_until_then() -> None:
    outputs: list[tuple[str, str]] = []

    def stopped() -> None:
        with naming_written(outputs):
            outputs.append(("Plan", "p.json"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        stopped()
    assert caught.value.__notes__ == ["Plan p.json"]


def test_text_of_any_kind_is_written_as_utf_8(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    streams = sys.stdout, sys.stderr
    with standard_streams():
        sys.stdout.write("Vox \udcff \U0001f3a4\n")
        sys.stdout.flush()
        assert not sys.stdout.isatty()
    assert (sys.stdout, sys.stderr) == streams
    assert capfdbinary.readouterr().out == "Vox ? \U0001f3a4\n".encode()


def test_words_for_a_lost_output() -> None:
    assert OutputLost(BrokenPipeError(32, "Broken pipe")).why == ""
    assert OutputLost(OSError(28, "No space left on device")).why == "No space left on device"
