"""The index for ReaPack: the structure that its documentation describes, made from the headers of the actions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from reaper_automix import __version__
from reaper_automix.installation.reapack import HeaderError, as_rich_text, main, make_index, read_header, read_packages

ACTIONS = Path(__file__).resolve().parents[2] / "actions"
HEADER = """# @description Mix <everything>
# @version 1.2
# @author someone
# @about
#   First line.
#   Second & last line.
# @provides
#   [main] Mix *.py
#   helper.py
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Mix all.py").write_text(HEADER + 'print("# @version 9")\n', encoding="utf-8")
    (tmp_path / "Mix more.py").write_text("# @description More\n# @noindex\nprint()\n", encoding="utf-8")
    (tmp_path / "helper.py").write_text('"""No header."""\n', encoding="utf-8")
    return tmp_path


def index_of(folder: Path, url: str = "https://example.org/raw/actions") -> Xml.Element:
    made = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    return Xml.fromstring(make_index(read_packages(folder), url, made=made))


def test_a_header_ends_where_the_comments_end() -> None:
    tags = read_header(HEADER + "\n# @version 9\n")
    assert tags["version"] == "1.2"
    assert tags["about"] == "First line.\nSecond & last line."
    assert tags["provides"] == "[main] Mix *.py\nhelper.py"


def test_the_index_has_the_documented_structure(folder: Path) -> None:
    index = index_of(folder)
    assert (index.tag, index.attrib) == ("index", {"version": "1", "name": "reaper_automix"})
    (category,) = index
    assert (category.tag, category.attrib) == ("category", {"name": "Automix"})
    (package,) = category
    assert package.attrib == {"name": "Mix all.py", "type": "script", "desc": "Mix <everything>"}
    version = package.find("version")
    assert version is not None
    assert version.attrib == {"name": "1.2", "author": "someone", "time": "2026-01-02T01:04:05Z"}
    about = package.findtext("metadata/description")
    assert about is not None
    assert about.startswith("{\\rtf1")
    assert "Second & last line." in about


def test_the_package_itself_names_no_file_and_only_actions_are_main(folder: Path) -> None:
    sources = index_of(folder, "https://example.org/raw/actions/").findall(".//source")
    assert [(source.attrib, source.text) for source in sources] == [
        ({"main": "main"}, "https://example.org/raw/actions/Mix%20all.py"),
        ({"main": "main", "file": "Mix more.py"}, "https://example.org/raw/actions/Mix%20more.py"),
        ({"file": "helper.py"}, "https://example.org/raw/actions/helper.py"),
    ]


def test_the_index_is_utf8_xml_with_a_declaration(folder: Path) -> None:
    (folder / "Mix all.py").write_text(HEADER.replace("everything", "größer"), encoding="utf-8")
    data = make_index(read_packages(folder), "https://example.org", made=datetime.now(UTC))
    assert data.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n<index ')
    assert "größer".encode() in data


def test_our_actions_are_one_package_that_holds_every_file() -> None:
    (package,) = read_packages(ACTIONS)
    assert package.version == __version__
    assert {source.path.name for source in package.sources} == {path.name for path in ACTIONS.glob("*.py")}
    listed = {source.path.name for source in package.sources if source.is_action}
    assert listed == {path.name for path in ACTIONS.glob("Automix *.py")}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# @version 1.2\n", "", "@version"),
        ("helper.py", "gone.py", "names no file"),
        ("# @desc", "# @d", "@description"),
    ],
)
def test_a_header_that_does_not_fit_is_explained(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "Mix all.py").write_text(HEADER.replace(old, new), encoding="utf-8")
    with pytest.raises(HeaderError, match=said) as raised:
        read_packages(folder)
    assert "Mix all.py" in str(raised.value)
    assert "Next step" in str(raised.value)


def test_rich_text_escapes_what_it_has_to() -> None:
    assert as_rich_text("a{b}\\c\né𝄞").endswith("a\\{b\\}\\\\c\\par\n\\u233?\\u-10188?\\u-8930?}")


def test_the_command_writes_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "index.xml"
    assert main(["--url", "https://example.org/actions", "--out", str(out)]) == 0
    assert Xml.parse(out).getroot().tag == "index"
    assert "1 package" in capsys.readouterr().out


def test_the_command_explains_what_it_cannot_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--url", "https://example.org", "--out"]
    assert main([*arguments, str(tmp_path / "none" / "index.xml")]) == 1
    assert main([*arguments, str(tmp_path / "index.xml"), "--actions", str(tmp_path)]) == 1
    assert "no action with a ReaPack header" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["--url", "example.org", "--out", "index.xml"])
    assert stopped.value.code == 2
