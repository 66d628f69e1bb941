"""Processes are seen to live and to be gone."""

from __future__ import annotations

import os
import subprocess
import sys

from reaper_automix.process_watch import ProcessWatch


def test_a_process_is_watched_to_its_end() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        watch = ProcessWatch(process.pid)
        assert watch.is_alive()
        process.communicate(b"\n")
        assert not watch.is_alive()


def test_no_process_means_the_parent() -> None:
    watch = ProcessWatch()
    assert watch.pid == os.getppid()
    assert watch.is_alive()
    assert ProcessWatch(os.getppid()).is_alive()
