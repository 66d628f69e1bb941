"""The pages: links and pictures are there, command lines are ones that the program takes, nothing is left unnamed."""

from __future__ import annotations

import importlib.util
import re
import shlex
import textwrap
from pathlib import Path

import pytest
from PIL import Image

from reaper_automix import command_line
from reaper_automix.mixers.registry import MIXERS

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((REPOSITORY / "docs").glob("*.md")),
    REPOSITORY / "actions" / "README.md",
    REPOSITORY / "models" / "README.md",
]
GUIDE = REPOSITORY / "docs" / "guide.md"
ACTIONS = sorted(
    path.stem for path in (REPOSITORY / "actions").glob("Automix *.py") if path.stem != "Automix install actions"
)
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
PICTURE_BYTES, PICTURES_BYTES = 150_000, 2_000_000


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"^( *)```.*?^\1```", "", text, flags=re.DOTALL | re.MULTILINE)


def code_blocks(text: str) -> list[str]:
    return [textwrap.dedent(block) for block in re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)]


def anchors(text: str) -> set[str]:
    """Return the names of the headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", without_code(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@EACH
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(read(page))):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        assert place.exists(), f"{page.name}: {target}"
        assert REPOSITORY in place.parents, f"{page.name}: {target} leads out of the project"
        assert not anchor or anchor in anchors(read(place)), f"{page.name}: {target}"


@EACH
def test_a_command_line_is_one_that_the_program_takes(page: Path) -> None:
    parser = command_line._parser()
    for line in [line for block in code_blocks(read(page)) for line in block.splitlines()]:
        command = line.partition(" #")[0].strip()
        if command.startswith("reaper-automix "):
            try:
                parser.parse_args(shlex.split(command)[1:])
            except SystemExit:
                pytest.fail(f"{page.name}: {command}")


@EACH
def test_a_module_or_script_that_is_named_is_there(page: Path) -> None:
    for name in re.findall(r"python -m ((?:reaper_automix|benchmarks)[\w.]*)", read(page)):
        assert importlib.util.find_spec(name.rstrip(".")) is not None, f"{page.name}: {name}"
    for file in re.findall(r"`((?:benchmarks|tests|docs|reaper_automix)/[\w./]+\.(?:py|md))`", read(page)):
        made_up = page.name == "CONTRIBUTING.md" and file.endswith(("even.py", "session_file.py", "plainpress.py"))
        assert made_up or (REPOSITORY / file).is_file(), f"{page.name}: {file}"


def test_every_action_is_explained_where_it_is_looked_for() -> None:
    for action in ACTIONS:
        assert f"\n## {action}\n" in read(GUIDE), f"docs/guide.md has no {action}"
        assert f"`{action}`" in read(REPOSITORY / "README.md")
        assert f"`{action}.py`" in read(REPOSITORY / "actions" / "README.md")


def test_every_action_has_a_picture_and_a_way_back() -> None:
    for section in re.split(r"^## ", read(GUIDE), flags=re.MULTILINE)[1:]:
        assert "](guide/" in section, section.splitlines()[0]
        assert "**Before:**" in section
        assert "**Do:**" in section
        assert "**You see:**" in section
        assert "**Back:**" in section


def test_every_mixer_is_explained() -> None:
    for mixer in MIXERS:
        assert f"**`{mixer}`**" in read(REPOSITORY / "README.md")
        assert f"--mixer {mixer}" in read(REPOSITORY / "README.md") or mixer == "balance"


def test_pictures_have_words_and_are_small() -> None:
    sizes = {path: path.stat().st_size for path in (REPOSITORY / "docs" / "guide").glob("*.png")}
    shown = [(alt, target) for page in PAGES for alt, target in re.findall(r"!\[([^]]*)\]\(([^)]+)\)", read(page))]
    assert all(len(alt) > 20 for alt, _ in shown), "who cannot see a picture reads what is on it"
    assert {path.name for path in sizes} <= {Path(target).name for _, target in shown}, "a picture is shown nowhere"
    assert max(sizes.values()) <= PICTURE_BYTES
    assert sum(sizes.values()) <= PICTURES_BYTES
    for path in sizes:
        with Image.open(path) as picture:
            assert picture.mode == "P", f"{path.name} has more colours than it needs"


def test_the_recipes_run() -> None:
    for number, block in enumerate(code_blocks(read(REPOSITORY / "CONTRIBUTING.md"))):
        if "from __future__ import annotations" in block:
            exec(compile(block, f"recipe {number}", "exec"), {"__name__": f"recipe_{number}"})


@EACH
def test_no_path_of_a_machine_is_on_a_page(page: Path) -> None:
    assert not re.search(r"/(?:root|home|work|tmp)/|[A-Z]:\\\\?Users", read(page)), page.name
