"""Make the pictures of ``docs/guide.md`` again: ``.venv/bin/python docs/make_pictures.py [NAME ...]``.

Every picture is of something that ran: the real action scripts work on the demo song in our double of REAPER
(``tests/double``), the real worker listens, and what is shown is its report in a real browser, the real progress
window, the text that REAPER was asked to show, or the faders as they stood before and after. None is a photograph of
REAPER.

Needs Chromium and its driver, ``selenium`` and ``pillow``; for the window Tk, ``Xvfb`` and a pillow that can grab it
(without these its picture is left as it is). The pictures go to ``docs/guide`` as PNGs of few colours.
"""

from __future__ import annotations

import argparse
import html
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]

import browser as real_browser  # noqa: E402
from open_reaper import OpenReaper  # noqa: E402
from PIL import Image, ImageGrab, ImageOps  # noqa: E402

from reaper_automix.demo.writing import write_demo_session  # noqa: E402
from reaper_automix.reascript.preferences import CAPTIONS, Preferences  # noqa: E402
from reaper_automix.reascript.remote_control import ON_TEXT  # noqa: E402
from reaper_automix.units import lin_to_db  # noqa: E402

FOLDER = REPOSITORY / "docs" / "guide"
N_COLOURS = 64
WIDTH_PX, MOST_HEIGHT_PX, MARGIN_PX = 900, 760, 12
LARGEST_BYTES = 150_000
NO = 7
LIMIT_S = 600.0
LOOK = """
body { margin: 0; background: #fff; color: #1d2329; font: 15px/1.45 "DejaVu Sans", sans-serif; }
#picture { display: inline-block; padding: 14px 18px; }
.box { border: 1px solid #9aa4ae; border-radius: 5px; overflow: hidden; max-width: 800px; }
.box h1 { font-size: 14px; margin: 0; padding: 6px 12px; background: #e6eaee; }
.box pre { font: 13px/1.5 "DejaVu Sans Mono", monospace; margin: 0; padding: 10px 12px; white-space: pre-wrap; }
.box table { margin: 8px 12px; } .box td { padding: 2px 14px 2px 0; } .box td + td { font-family: "DejaVu Sans Mono"; }
.note { font-size: 12px; color: #56616c; margin: 8px 0 0; }
.faders { border-collapse: collapse; } .faders td, .faders th { padding: 1px 12px 1px 0; text-align: left; }
.faders .n { text-align: right; font-variant-numeric: tabular-nums; } .faders .same { color: #8a949e; }
svg { display: block; }
"""
LABEL = "Text that REAPER is asked to show, recorded on our double of REAPER; not a photograph of REAPER."
LAST_WHOLE = """
const [box, limit] = arguments, top = box.getBoundingClientRect().top;
const ends = [...box.querySelectorAll(':scope > *, :scope > * > *, :scope > main > section > *')]
  .filter(e => !/^H[1-6]$/.test(e.tagName) && !e.matches('.legend') && !e.parentElement.closest('svg, p'))
  .map(e => e.getBoundingClientRect().bottom - top).filter(y => y > 100 && y <= limit);
return Math.ceil(Math.max(...ends, Math.min(box.getBoundingClientRect().height, ends.length ? 0 : limit)));
"""
"""JavaScript: where an element can be cut off below a paragraph, table or picture that is whole."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture session works: the demo project, the double's folder, the browser and what to keep."""

    project: Path
    folder: Path
    browser: Any
    wanted: frozenset[str]

    def wants(self, *names: str) -> bool:
        """Tell whether one of these pictures is to be made."""
        return not self.wanted or bool(self.wanted & set(names))


def keep(name: str, png: bytes, *, height_px: int = MOST_HEIGHT_PX, margin_px: int = 0) -> None:
    """Write a picture with few colours, cut off where it would be too high."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, height_px)))
    image = ImageOps.expand(image, margin_px, (255, 255, 255))
    few = image.quantize(N_COLOURS, dither=Image.Dither.NONE)
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.png"
    few.save(path, optimize=True)
    size_bytes = path.stat().st_size
    if size_bytes > LARGEST_BYTES:
        raise SystemExit(f"{path.name} takes {size_bytes} bytes: show less of it")
    sys.stdout.write(f"{path.name}: {image.width} x {image.height}, {size_bytes} bytes\n")


def shoot_page(place: Place, name: str, body: str) -> None:
    """Take a picture of HTML of our own."""
    page = place.folder / "page.html"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><style>{LOOK}</style><div id="picture">{body}</div>', encoding="utf-8"
    )
    place.browser.set_window_size(WIDTH_PX, 1200)
    place.browser.get(page.as_uri())
    keep(name, place.browser.find_element("id", "picture").screenshot_as_png)


def shoot_report(place: Place, name: str, report: Path, element: str) -> None:
    """Take a picture of an element of a report; ``element`` is JavaScript that returns it."""
    place.browser.set_window_size(1100, 1400)
    place.browser.get(report.as_uri())
    place.browser.execute_script("document.documentElement.dataset.theme = 'light';")
    place.browser.execute_script("document.querySelectorAll('.path').forEach(e => e.remove());")
    found = place.browser.execute_script(f"return {element};")
    if found is None:
        raise SystemExit(f"{name}: the report has no {element}")
    place.browser.execute_script("arguments[0].scrollIntoView();", found)
    height_px = place.browser.execute_script(LAST_WHOLE, found, MOST_HEIGHT_PX)
    keep(name, found.screenshot_as_png, height_px=height_px, margin_px=MARGIN_PX)


def section_named(word: str) -> str:
    """Return the JavaScript for the section of a report whose heading holds a word."""
    return f"[...document.querySelectorAll('h2')].find(h => /{word}/i.test(h.textContent))?.closest('section')"


def track_named(name: str) -> str:
    """Return the JavaScript for a track of a report."""
    return f"[...document.querySelectorAll('h3')].find(h => h.textContent.includes('{name}'))?.closest('article')"


# --- pictures of our own -------------------------------------------------------------------------------------------


def box(title: str, text: str, label: str = LABEL) -> str:
    """Return a card with text that REAPER shows."""
    return f'<div class="box"><h1>{html.escape(title)}</h1><pre>{html.escape(text.strip())}</pre></div>{note(label)}'


def entries_box(title: str, entries: dict[str, str]) -> str:
    """Return a card with the entries of an input box."""
    rows = "".join(f"<tr><td>{html.escape(k)}</td><td>{html.escape(v)}</td></tr>" for k, v in entries.items())
    return f'<div class="box"><h1>{html.escape(title)}</h1><table>{rows}</table></div>{note(LABEL)}'


def note(text: str) -> str:
    """Return a line of small text."""
    return f'<p class="note">{html.escape(text)}</p>'


def faders(columns: Sequence[tuple[str, list[dict[str, Any]]]], caption: str) -> str:
    """Return a table of faders as they stood at some times, with a bar between the last two."""
    heads = "".join(f'<th class="n">{html.escape(title)}</th>' for title, _ in columns)
    rows = []
    for track in columns[0][1]:
        levels_db = [_level_db(tracks, track["guid"]) for _, tracks in columns]
        cells = "".join(f'<td class="n">{_text(level_db)}</td>' for level_db in levels_db)
        same = "same" if len({_text(level_db) for level_db in levels_db}) == 1 else ""
        rows.append(f'<tr class="{same}"><td>{html.escape(track["name"])}</td>{cells}<td>{_bar(levels_db)}</td></tr>')
    head = f"<tr><th>Track</th>{heads}<th>-24 to +12 dB</th></tr>"
    return f'<table class="faders">{head}{"".join(rows)}</table>{note(caption)}'


def _level_db(tracks: list[dict[str, Any]], guid: str) -> float:
    return lin_to_db(next(track["gain_lin"] for track in tracks if track["guid"] == guid))


def _text(level_db: float) -> str:
    return f"{level_db:+.1f} dB"


def _bar(levels_db: Sequence[float]) -> str:
    ring_px, dot_px = ((min(max(level_db, -24.0), 12.0) + 24.0) * 6.0 + 4.0 for level_db in levels_db[-2:])
    return (
        '<svg width="226" height="16"><line x1="148" x2="148" y1="0" y2="16" stroke="#c6cdd4"/>'
        f'<line x1="{ring_px}" x2="{dot_px}" y1="8" y2="8" stroke="#2b6cb0" stroke-width="2"/>'
        f'<circle cx="{ring_px}" cy="8" r="3.5" fill="#fff" stroke="#56616c" stroke-width="1.5"/>'
        f'<circle cx="{dot_px}" cy="8" r="4" fill="#2b6cb0"/></svg>'
    )


# --- what is played ------------------------------------------------------------------------------------------------


@contextmanager
def demo_in_reaper(place: Place) -> Iterator[OpenReaper]:
    """Open the demo song in the double, with usual settings."""
    shutil.rmtree(place.folder / "REAPER Ressourcen ü", ignore_errors=True)
    shutil.rmtree(place.folder / "cache", ignore_errors=True)
    with OpenReaper(place.project, place.folder) as reaper:
        yield reaper


def run(reaper: OpenReaper, action: str) -> None:
    """Trigger an action and wait until it is done, on a busy machine too."""
    reaper.trigger(action)
    reaper.wait(LIMIT_S)


def console(reaper: OpenReaper, place: Place) -> str:
    """Return what REAPER's console was asked to show, without the folders of this machine."""
    text: str = reaper.messages()["console"]
    return text.replace(str(reaper.resource), "(REAPER's resource folder)").replace(str(place.folder), "(folder)")


def choose(reaper: OpenReaper, **values: str) -> None:
    """Fill the settings box."""
    entries = {name: str(value) for name, value in asdict(Preferences()).items()} | values
    reaper.do("answer", inputs=[[entries[name] for name in CAPTIONS]])
    reaper.trigger("Automix settings")


def balance(place: Place) -> None:
    """Faders before and after, and the report's balance."""
    with demo_in_reaper(place) as reaper:
        before = reaper.tracks()
        run(reaper, "Automix balance")
        caption = "Demo song, faders before (ring) and after (dot) 'Automix balance'; grey: left as they were."
        shoot_page(place, "balance-faders", faders([("before", before), ("after", reaper.tracks())], caption))
        report = reaper.runs()[-1] / "report.html"
        shoot_report(place, "balance-report", report, section_named("^Balance"))
        reaper.do("answer", boxes=[])
        reaper.trigger("Automix report of the last run")
        shoot_report(place, "report", report, "document.querySelector('.page') ?? document.body")


def rides(place: Place) -> None:
    """A ride in the report, the progress window, and the status while it runs."""
    with demo_in_reaper(place) as reaper:
        reaper.trigger("Automix rides")
        text = ""
        while "Listening" not in text:
            reaper.do("tick", for_s=0.1)
            reaper.do("answer", boxes=[NO])
            reaper.trigger("Automix status")
            text, title, kind = reaper.messages()["boxes"][-1]
            if kind == 0:
                raise SystemExit("the run was over before its status could be seen")
        shoot_page(place, "status", box(title, f"{text}\n\n[ Yes ]  [ No ]"))
        reaper.wait(LIMIT_S)
        folder = reaper.runs()[-1]
        shoot_report(place, "rides", folder / "report.html", track_named("Lead Vox"))
        window(folder, "Automix: rides")


def drums(place: Place) -> None:
    """The report's section of the kit."""
    with demo_in_reaper(place) as reaper:
        run(reaper, "Automix drums")
        shoot_report(place, "drums", reaper.runs()[-1] / "report.html", section_named("kit|drum"))


def vocal(place: Place) -> None:
    """The report's section of the vocal."""
    with demo_in_reaper(place) as reaper:
        run(reaper, "Automix vocal")
        shoot_report(place, "vocal", reaper.runs()[-1] / "report.html", section_named("vocal"))


def strips(place: Place) -> None:
    """The report's section of the strips, with learned ones."""
    with demo_in_reaper(place) as reaper:
        choose(reaper, strips="learned")
        run(reaper, "Automix strips")
        shoot_report(place, "strips", reaper.runs()[-1] / "report.html", section_named("strip"))


def tone(place: Place) -> None:
    """The report's section of the tone."""
    with demo_in_reaper(place) as reaper:
        run(reaper, "Automix tone")
        shoot_report(place, "tone", reaper.runs()[-1] / "report.html", section_named("tone"))


def preview(place: Place) -> None:
    """What a preview says; the project is the same afterwards."""
    with demo_in_reaper(place) as reaper:
        before = reaper.state()["sha256_of_undoable"]
        run(reaper, "Automix preview only")
        if reaper.state()["sha256_of_undoable"] != before:
            raise SystemExit("the preview changed the project")
        shoot_page(place, "preview", box("ReaScript console output", console(reaper, place)))


def revert(place: Place) -> None:
    """Faders before, after, moved by hand, and reverted; and what it says."""
    with demo_in_reaper(place) as reaper:
        states = [("before", reaper.tracks())]
        run(reaper, "Automix balance")
        states.append(("after", reaper.tracks()))
        reaper.do("set_fader", track="Lead Vox", gain_lin=1.0)
        states.append(("by hand", reaper.tracks()))
        said = len(console(reaper, place))
        run(reaper, "Automix revert")
        states.append(("reverted", reaper.tracks()))
        caption = (
            "After 'Automix balance' the fader of Lead Vox was moved by hand: 'Automix revert' leaves that one alone."
        )
        shoot_page(place, "revert-faders", faders(states, caption))
        shoot_page(place, "revert", box("ReaScript console output", console(reaper, place)[said:]))


def questions(place: Place) -> None:
    """The boxes of the settings and of the role, and what the remote control says."""
    with demo_in_reaper(place) as reaper:
        reaper.do("answer", inputs=[None])
        reaper.trigger("Automix settings")
        asked = reaper.messages()["asked"][-1]
        shoot_page(
            place, "settings", entries_box(asked["title"], dict(zip(CAPTIONS.values(), asked["values"], strict=True)))
        )
        reaper.do("select", tracks=["Pad"])
        reaper.do("answer", inputs=[["strings"]])
        reaper.trigger("Automix role of the selected tracks")
        asked = reaper.messages()["asked"][-1]
        shoot_page(place, "role", entries_box(asked["title"], {"Role (auto: by name)": "strings"}))
    said = "Text that this action asks REAPER to show; not a photograph of REAPER."
    shoot_page(place, "remote", box("ReaScript console output", ON_TEXT, said))  # the double's process has no reapy


def window(folder: Path, title: str) -> None:
    """Take a picture of the real progress window on a screen of its own; without Xvfb it is left as it is."""
    server = shutil.which("Xvfb")
    if server is None:
        sys.stdout.write("window.png is left as it is: there is no Xvfb\n")
        return
    reading, writing = os.pipe()
    command = [server, "-displayfd", str(writing), "-screen", "0", "760x520x24"]
    screen = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    try:
        os.close(writing)
        with os.fdopen(reading) as numbers:
            display = ":" + numbers.readline().strip()
        command = [sys.executable, "-m", "reaper_automix.progress_window", str(folder), "--title", title]
        shown = subprocess.Popen(command, env=os.environ | {"DISPLAY": display}, cwd=REPOSITORY)
        time.sleep(3.0)
        image = ImageGrab.grab(xdisplay=display)
        shown.terminate()
        shown.wait()
    finally:
        screen.terminate()
        screen.wait()
    frame = image.convert("L").point(lambda value: 255 if value else 0).getbbox()  # the screen's ground is black
    buffer = io.BytesIO()
    image.crop(frame).save(buffer, "PNG")
    keep("window", buffer.getvalue())


SCENES: dict[Callable[[Place], None], tuple[str, ...]] = {
    balance: ("balance-faders", "balance-report", "report"),
    rides: ("status", "rides", "window"),
    drums: ("drums",),
    vocal: ("vocal",),
    strips: ("strips",),
    tone: ("tone",),
    preview: ("preview",),
    revert: ("revert-faders", "revert"),
    questions: ("settings", "role", "remote"),
}
"""What is played, and the pictures that come of it."""


def main(arguments: list[str] | None = None) -> None:
    """Make the pictures."""
    every = [name for names in SCENES.values() for name in names]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(every)} (default: all)")
    names = parser.parse_args(arguments).names
    if unknown := set(names) - set(every):
        parser.error(f"no picture is called {', '.join(sorted(unknown))}")
    os.environ["BROWSER"] = "true %s"  # the action that opens a report shall open none here
    with tempfile.TemporaryDirectory(prefix="automix-pictures-") as temporary:
        folder = Path(temporary)
        for part in ("profile", "downloads"):
            (folder / part).mkdir()
        started = real_browser.start(folder / "profile", folder / "downloads")
        try:
            place = Place(write_demo_session(folder / "song"), folder, started, frozenset(names))
            for scene, pictures in SCENES.items():
                if place.wants(*pictures):
                    scene(place)
        finally:
            started.quit()


if __name__ == "__main__":
    main()
