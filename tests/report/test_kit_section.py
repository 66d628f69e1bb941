"""The drum kit on the page: numbers, a picture in words, and names that are text."""

from __future__ import annotations

from reaper_automix.report.kit_section import KitRow, kit_section


def test_each_microphone_has_its_numbers_and_remarks() -> None:
    rows = (
        KitRow("Kick <b>", "kick in (name: kick)", -20.0, -18.5),
        KitRow("OH L", "overhead left (name: oh)", -25.0, -26.0, ("pan +0.00 to -1.00",)),
    )
    section = kit_section(rows)
    assert section.title == "The drum kit"
    assert "Kick &lt;b&gt;" in section.html
    assert "<b>" not in section.html
    assert "+1.5 dB" in section.html
    assert "-1.0 dB" in section.html
    assert "pan +0.00 to -1.00" in section.html
    assert 'aria-label="Loudness of each microphone before and after:' in section.html
    assert section.html.count("dot before") == section.html.count("dot after") == 2


def test_a_silent_microphone_has_a_row_and_no_dots() -> None:
    html = kit_section(
        (KitRow("Tom", "tom 1", float("-inf"), float("-inf")), KitRow("Kick", "kick", -20.0, -20.0))
    ).html
    assert html.count("dot before") == 1
    assert "silent" in html


def test_nothing_heard_draws_no_picture() -> None:
    assert "<svg" not in kit_section((KitRow("Tom", "tom 1", float("-inf"), float("-inf")),)).html
