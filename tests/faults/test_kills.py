"""kill -9 at the n-th event on the file system, for every n: files are old or whole, and the command works again."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.scenes import EVERY, HURT, Hurt, contents, left, lost, of
from faults.warm import Warm

MOST_EVENTS = 2000


@pytest.mark.parametrize("name", HURT)
def test_killed_at_every_write(
    warm: Warm, scene: Callable[..., Path], name: str, record_property: Callable[[str, object], None]
) -> None:
    hurt = HURT[name]
    folder = scene(cold=hurt.cold)
    reference = warm.run(of(folder, hurt.words))
    assert reference.code == 0, reference.said
    wanted = contents(folder)
    numbers = itertools.count(1) if EVERY else itertools.count(1, hurt.step)
    killed = 0
    for at in itertools.takewhile(lambda n: n <= MOST_EVENTS, numbers):
        before = contents(scene(cold=hurt.cold))
        ended = warm.run(of(folder, hurt.words, at=at))
        after = contents(folder)
        assert lost(before, after, hurt, wanted) == [], (at, ended.events[-1:], ended.said)
        if ended.code == 0:
            break
        assert ended.code == -signal.SIGKILL, ended.said
        killed += 1
        assert len(left(after)) <= 2  # the file that was being written, and in the cache a second one
        _again(warm, folder, hurt, wanted, before)
    record_property("killed", killed)
    assert killed >= (len(reference.events) - 20) // (1 if EVERY else hurt.step)
    assert killed >= 7


def _again(warm: Warm, folder: Path, hurt: Hurt, wanted: dict[str, bytes], before: dict[str, bytes]) -> None:
    again = warm.run(of(folder, hurt.words, counted=False))
    after = contents(folder)
    assert lost(before, after, hurt, wanted) == [], again.said
    if again.code == 1 and hurt.repeats and hurt.repeats in again.said:
        assert after[hurt.replaced] == wanted[hurt.replaced]
        return
    assert again.code == 0, again.said
    assert set(hurt.written) <= set(after)
