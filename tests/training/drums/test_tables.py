from __future__ import annotations

import pytest

pytest.importorskip("sklearn")

from reaper_automix.training.drums.experiments import CEILING, OTHERS, PER_MICROPHONE
from reaper_automix.training.drums.tables import markdown, summary


def row(r2: float) -> dict[str, object]:
    return {"r2": r2, "r2_db": r2 - 0.1, "error_db": 1.0, "per_microphone": {"hihat": [r2, r2, 1.0]}}


def rows(r2: float) -> dict[str, object]:
    return {CEILING: row(1.0), "random forest": row(r2)}


PARTS = {
    f"performance | {split} | {engineer}": {
        "rows": {name: {"train": own, "test": own} for name, own in rows(r2).items()},
    }
    for (split, engineer), r2 in {("1", "ann"): 0.5, ("1", "bob"): 0.7, ("2", "ann"): 0.7, ("2", "bob"): 0.9}.items()
}


def test_spreads_are_over_splits_and_over_engineers() -> None:
    figure = summary(PARTS)["performance"]["test"]["random forest"]

    assert figure["r2"]["mean"] == pytest.approx(0.7)
    assert figure["r2"]["spread_splits"] == pytest.approx(0.1)
    assert figure["r2"]["spread_engineers"] == pytest.approx(0.1)
    assert figure["per_microphone"]["hihat"] == pytest.approx([0.7, 0.7, 1.0])


def test_the_table_shows_the_published_figures_beside_ours() -> None:
    told = markdown({"summary": summary(PARTS)})

    assert "| random forest | 0.700 | 0.700 +- 0.100 / 0.100 | 0.700 |" in told
    assert "| 0.98 / 0.89 |" in told


def test_other_tables_come_with_their_experiments() -> None:
    parts = {
        "microphones | 1 | ann": {"rows": {"eight": rows(0.6), "as recorded": {PER_MICROPHONE: row(0.5)}}},
        "engineer | 1 | ann": {"rows": {OTHERS: row(0.4), PER_MICROPHONE: row(0.3)}},
        "trees | 1 | ann": {
            "curve": [[10, 0.5], [600, 0.3]],
            "enough": 600,
            "oob_r2_by_share": {"sqrt": 0.7, "0.33": 0.6},
        },
    }
    told = markdown({"summary": summary(parts)})

    assert "| random forest | 0.600 (0.500, 1.00) |  |" in told
    assert f"| {OTHERS} (the spread between engineers) | 0.400" in told
    assert "10: 0.500, 600: 0.300" in told
    assert "from 600 trees on" in told
