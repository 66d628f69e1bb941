"""No song is judged by what it should not have been learned from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from training_songs import song, songs

from reaper_automix.training.corpora.contract import Usage
from reaper_automix.training.evaluation.songs import Example, HeardSong, shown
from reaper_automix.training.evaluation.splits import Split, splits_of


def all_splits(heard: list[HeardSong]) -> list[Split]:
    examples: list[Example] = [shown(each, np.random.default_rng(0)) for each in heard]
    return list(splits_of(examples))


def titles(split: Split) -> set[str]:
    return {example.id for fold in split.folds for example in fold.test}


def test_every_split_of_two_corpora() -> None:
    splits = all_splits([*songs(4, corpus="c"), *songs(3, authors="z", corpus="d")])
    assert [(split.kind, split.trained_on, split.tested_on) for split in splits] == [
        ("leave_one_song_out", "c", "c"),
        ("leave_one_author_out", "c", "c"),
        ("leave_one_song_out", "d", "d"),
        ("across", "c", "d"),
        ("across", "d", "c"),
        ("leave_one_author_out", "all", "c"),
        ("leave_one_author_out", "all", "d"),
        ("leave_one_author_out", "all", "all"),
    ]
    assert titles(splits[-1]) == {"c0", "c1", "c2", "c3", "d0", "d1", "d2"}


def test_no_fold_shares_what_its_split_forbids() -> None:
    heard = [*songs(6, authors="ab", corpus="c"), *songs(4, authors="bz", corpus="d")]
    for split in all_splits(heard):
        for fold in split.folds:
            learned, judged = fold.train, fold.test
            assert not {(e.corpus, e.id) for e in learned} & {(e.corpus, e.id) for e in judged}
            if split.kind != "leave_one_song_out":
                assert not {e.author for e in learned} & {e.author for e in judged}
            if split.kind == "across":
                assert {e.corpus for e in learned} == {split.trained_on}


def test_every_song_is_judged_once() -> None:
    for split in all_splits([*songs(6, authors="ab", corpus="c"), *songs(4, authors="bz", corpus="d")]):
        judged = [(e.corpus, e.id) for fold in split.folds for e in fold.test]
        assert len(judged) == len(set(judged))


def test_what_may_not_be_learned_from_is_only_judged() -> None:
    closed = replace(song("nc", "q"), usage=Usage.EVALUATE)
    splits = all_splits([*songs(4), closed])
    assert all(example.usage is Usage.TRAIN for split in splits for fold in split.folds for example in fold.train)
    assert any("nc" in titles(split) for split in splits)


def test_a_corpus_that_may_not_be_learned_from_is_judged_by_others() -> None:
    closed = [replace(each, usage=Usage.EVALUATE) for each in songs(2, authors="qr", corpus="nc")]
    kinds = {(split.kind, split.trained_on, split.tested_on) for split in all_splits([*songs(4), *closed])}
    assert ("across", "c", "nc") in kinds
    assert not any(trained == "nc" for _, trained, _ in kinds)


def test_one_song_cannot_be_split() -> None:
    assert all_splits([song("x")]) == []
