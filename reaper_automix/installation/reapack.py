"""Make the index from which ReaPack installs the actions.

``python -m reaper_automix.installation.reapack --url BASE --out index.xml``. The packages come from the headers of the
files in ``actions/`` (comment lines such as ``# @version 1.0``): each file without ``@noindex`` is one, with the files
that its ``@provides`` names. ReaPack installs only what is in the index; the actions then ask for ``install.py``,
since the analysis needs an environment of its own.
"""

from __future__ import annotations

import argparse
import re
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as Xml

from reaper_automix.errors import AutomixError
from reaper_automix.files import write_bytes_whole

INDEX_NAME = "reaper_automix"
CATEGORY = "Automix"
ACTIONS_FOLDER = Path(__file__).resolve().parents[2] / "actions"
NEEDED_TAGS = ("description", "version", "author")
_TAG = re.compile(r"#\s?@(?P<name>\w+)\s*(?P<value>.*)")
_MORE = re.compile(r"#\s{2,}(?P<value>.*)")
_PROVIDED = re.compile(r"(?:\[(?P<options>[^\]]*)\]\s*)?(?P<pattern>.+)")


class HeaderError(AutomixError):
    """The header of an action cannot be made into a package."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a package, and whether ReaPack puts it into the action list."""

    path: Path
    is_action: bool


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the index: what the header of its main file says."""

    name: str
    description: str
    version: str
    author: str
    about: str
    sources: tuple[Source, ...]


def read_header(text: str) -> Mapping[str, str]:
    """Return the tags at the top of a script; the lines of a tag with several are joined by line ends."""
    tags: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        tag, more = _TAG.fullmatch(line), _MORE.fullmatch(line)
        if tag:
            name = tag["name"].casefold()
            tags[name] = tag["value"].strip()
        elif more and name:
            tags[name] = f"{tags[name]}\n{more['value'].strip()}".strip()
        else:
            break
    return tags


def read_packages(folder: Path) -> tuple[Package, ...]:
    """Return the packages of a folder of actions, by name.

    Raises
    ------
    HeaderError
        If a header lacks a tag, or names a file that is not there.
    """
    packages = []
    for path in sorted(folder.glob("*.py")):
        tags = read_header(path.read_text("utf-8"))
        if tags and "noindex" not in tags:
            packages.append(_package(path, tags))
    if not packages:
        raise HeaderError(f"{folder} has no action with a ReaPack header. Next step: give the folder of the actions.")
    return tuple(packages)


def _package(path: Path, tags: Mapping[str, str]) -> Package:
    missing = [f"@{name}" for name in NEEDED_TAGS if not tags.get(name)]
    if missing:
        raise HeaderError(f"{path} has no {', '.join(missing)}. Next step: add it to the comments at the top.")
    sources = {path: Source(path, is_action=True)}
    for entry in filter(None, tags.get("provides", "").splitlines()):
        sources.update({source.path: source for source in _provided(path, entry)})
    return Package(
        path.name, tags["description"], tags["version"], tags["author"], tags.get("about", ""), tuple(sources.values())
    )


def _provided(package: Path, entry: str) -> Iterator[Source]:
    """Yield the files of one line of ``@provides``."""
    found = _PROVIDED.fullmatch(entry)
    paths = sorted(package.parent.glob(found["pattern"])) if found else []
    if not found or not paths:
        raise HeaderError(f"{package}: @provides {entry!r} names no file. Next step: correct it, or remove that line.")
    is_action = "main" in (found["options"] or "").split()
    yield from (Source(path, is_action) for path in paths)


def make_index(packages: Sequence[Package], url: str, *, made: datetime) -> bytes:
    """Return the index as XML.

    Parameters
    ----------
    packages : sequence of Package
        What it offers.
    url : str
        Where the files of the actions folder can be downloaded; each file's name is put after it.
    made : datetime
        The time of the versions.

    Returns
    -------
    bytes
        The text of ``index.xml``, UTF-8.
    """
    index = Xml.Element("index", version="1", name=INDEX_NAME)
    category = Xml.SubElement(index, "category", name=CATEGORY)
    for package in packages:
        element = Xml.SubElement(category, "reapack", name=package.name, type="script", desc=package.description)
        if package.about:
            about = Xml.SubElement(Xml.SubElement(element, "metadata"), "description")
            about.text = as_rich_text(package.about)
        time = made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        version = Xml.SubElement(element, "version", name=package.version, author=package.author, time=time)
        for source in package.sources:
            attributes = {"main": "main"} if source.is_action else {}
            if source.path.name != package.name:
                attributes["file"] = source.path.name
            Xml.SubElement(version, "source", attributes).text = f"{url.rstrip('/')}/{quote(source.path.name)}"
    Xml.indent(index)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(index, encoding="unicode").encode() + b"\n"


def as_rich_text(text: str) -> str:
    """Return plain text as RTF, which is what ReaPack shows."""
    units = re.sub(r"[\\{}]", r"\\\g<0>", text).encode("utf-16-le")
    codes = struct.unpack(f"<{len(units) // 2}h", units)  # RTF counts UTF-16 units, signed
    body = "".join(chr(code) if 0 <= code < 127 else f"\\u{code}?" for code in codes)
    return "{\\rtf1 {\\fonttbl {\\f0 Helvetica;}} \\f0\\fs24 " + body.replace("\n", "\\par\n") + "}"


def main(arguments: Sequence[str]) -> int:
    """Write the index; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m reaper_automix.installation.reapack", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--url", required=True, metavar="BASE", help="where the files of actions/ can be downloaded")
    parser.add_argument("--out", required=True, type=Path, metavar="INDEX", help="the file to write: index.xml")
    parser.add_argument("--actions", type=Path, default=ACTIONS_FOLDER, metavar="DIR", help="default: %(default)s")
    options = parser.parse_args(arguments)
    if urlsplit(options.url).scheme not in ("http", "https") or not urlsplit(options.url).netloc:
        parser.error(f"--url {options.url}: ReaPack downloads over http or https; give a whole address")
    try:
        packages = read_packages(options.actions)
        write_bytes_whole(options.out, make_index(packages, options.url, made=datetime.now(UTC)))
    except AutomixError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    n_files = sum(len(package.sources) for package in packages)
    sys.stdout.write(f"{options.out}: {len(packages)} package, {n_files} files from {options.url}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
