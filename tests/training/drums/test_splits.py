from __future__ import annotations

import numpy as np
import pytest
from synthetic_drums import drum_set

from reaper_automix.errors import CorpusError
from reaper_automix.training.drums.dataset import EIGHT
from reaper_automix.training.drums.splits import by_performance, has_more, is_full, shuffled, without_some

SESSIONS = drum_set(performances=13).sessions


def test_no_performance_and_no_hit_is_on_both_sides() -> None:
    splits = by_performance(SESSIONS)

    assert len(splits) == 10
    assert len({split.name for split in splits}) == 10
    for split in splits:
        train, test = ([SESSIONS[i] for i in side] for side in (split.train, split.test))
        assert not {s.performance for s in train} & {s.performance for s in test}
        assert not {s.hits for s in train} & {s.hits for s in test}


def test_every_session_is_judged_once() -> None:
    judged = [i for split in by_performance(SESSIONS) for i in split.test]

    assert sorted(judged) == list(range(len(SESSIONS)))


def test_sets_that_cannot_be_split_are_refused() -> None:
    with pytest.raises(CorpusError, match="3 performances do not make 5 folds"):
        by_performance(SESSIONS[:6])
    with pytest.raises(CorpusError, match="no sessions on hits"):
        by_performance([s for s in SESSIONS if s.hits == "a"])


def test_variants_have_fewer_or_moved_microphones() -> None:
    rng, full = np.random.default_rng(0), SESSIONS[0]
    sizes = {len(without_some(full, rng).microphones) for _ in range(60)}
    moved = shuffled(full, rng)

    assert sizes == {3, 4, 5, 6, 7}
    assert sorted(moved.microphones) == sorted(EIGHT)
    assert moved.microphones != EIGHT
    assert is_full(full)
    assert has_more(full)
    assert not is_full(without_some(full, rng))
    assert not has_more(moved)
