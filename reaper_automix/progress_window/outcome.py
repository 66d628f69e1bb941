"""The part of the window that says how a run ended: the counts, then every line of the receipt."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from reaper_automix.progress_window.look import GOOD, MUTED, PANEL, PROBLEM, RULE, TEXT, WARNING, Look
from reaper_automix.progress_window.story import NOT_WRITTEN, Group, Line, Phase, View

_NAME_WIDTH = 150

_SCROLLS = {
    "<Up>": ("scroll", "-2", "units"),
    "<Down>": ("scroll", "2", "units"),
    "<Prior>": ("scroll", "-1", "pages"),
    "<Next>": ("scroll", "1", "pages"),
    "<Home>": ("moveto", "0.0"),
    "<End>": ("moveto", "1.0"),
}


class Outcome:
    """Headline and lines.

    Parameters
    ----------
    page : Frame
        Where they go.
    look : Look
        Fonts and colours.
    row : int
        Of the page: the headline's; the lines take the next one.
    """

    def __init__(self, page: ttk.Frame, look: Look, *, row: int) -> None:
        self._look = look
        self._shown: View | None = None
        px = look.px
        self.headline = ttk.Label(page, style="Bold.TLabel", width=10)
        self.headline.grid(row=row, column=0, sticky="ew", pady=(px(14), px(8)))
        self.took = ttk.Label(page, style="Small.TLabel")
        self.took.grid(row=row, column=1, sticky="e", padx=(px(12), 0), pady=(px(14), px(8)))
        box = tk.Frame(page, background=PANEL, highlightthickness=1, highlightbackground=RULE)
        box.grid(row=row + 1, column=0, columnspan=2, sticky="nsew")
        box.rowconfigure(0, weight=1)
        box.columnconfigure(0, weight=1)
        self.text = self._text(box)
        self.text.grid(row=0, column=0, sticky="nsew")
        self._bar = ttk.Scrollbar(box, orient="vertical", command=self.text.yview)
        self.text.configure(yscrollcommand=self._scrolled)
        for key, move in _SCROLLS.items():
            page.winfo_toplevel().bind(key, lambda _, move=move: self._scroll(move))  # type: ignore[misc]

    def show(self, view: View, took: str) -> None:
        """Show how a run ended; where the engineer has scrolled to stays when nothing has changed."""
        if view == self._shown:
            return
        self._shown = view
        colour = PROBLEM if view.phase == Phase.FAILED else GOOD
        if view.groups and view.groups[0].heading == NOT_WRITTEN:
            colour = WARNING
        self.headline.configure(text=view.headline, foreground=colour)
        self.took.configure(text=took)
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        for number, group in enumerate(view.groups):
            self._insert(group, is_first=number == 0)
        self.text.configure(state="disabled")

    def fit(self, width: int) -> None:
        """Wrap a long headline into the width that there is."""
        self.headline.configure(wraplength=max(width - self.took.winfo_reqwidth() - self._look.px(60), 80))

    def _text(self, box: tk.Frame) -> tk.Text:
        px = self._look.px
        name = px(_NAME_WIDTH)
        text = tk.Text(
            box,
            background=PANEL,
            foreground=TEXT,
            font=self._look.plain,
            wrap="word",
            width=20,
            height=4,
            borderwidth=0,
            highlightthickness=0,
            padx=px(12),
            pady=px(10),
            spacing3=px(4),
            tabs=(name,),
            cursor="arrow",
            takefocus=False,
        )
        text.tag_configure("heading", font=self._look.bold, foreground=MUTED, spacing1=px(10))
        text.tag_configure("first", font=self._look.bold, foreground=MUTED)
        text.tag_configure("of track", lmargin2=name)
        text.tag_configure("detail", foreground=MUTED)
        text.tag_configure("missed", foreground=WARNING)
        return text

    def _insert(self, group: Group, *, is_first: bool) -> None:
        if group.heading:
            self.text.insert("end", f"{group.heading} ({len(group.lines)})\n", "first" if is_first else "heading")
        for line in group.lines:
            self._insert_line(line, "missed" if group.heading == NOT_WRITTEN else "")

    def _insert_line(self, line: Line, tag: str) -> None:
        if not line.track:
            self.text.insert("end", f"{line.text}\n")
            return
        self.text.insert("end", f"{self._fitting(line.track)}\t", "of track")
        self.text.insert("end", line.text, ("of track", tag))
        self.text.insert("end", f": {line.detail}\n" if line.detail else "\n", ("of track", "detail"))

    def _fitting(self, name: str) -> str:
        """Return a name that fits its column, the middle left out where it is too long: both ends tell tracks apart."""
        name, room, font = name.replace("\t", " ")[:200], self._look.px(_NAME_WIDTH - 10), self._look.plain
        kept = len(name)
        shown = name
        while font.measure(shown) > room and kept > 2:
            kept -= 1
            shown = f"{name[: (kept + 1) // 2].rstrip()}…{name[len(name) - kept // 2 :].lstrip()}"
        return shown

    def _scrolled(self, first: float | str, last: float | str) -> None:
        """Show the scroll bar only where there is something to scroll."""
        self._bar.set(first, last)
        if float(first) <= 0.0 and float(last) >= 1.0:
            self._bar.grid_remove()
        else:
            self._bar.grid(row=0, column=1, sticky="ns")

    def _scroll(self, move: tuple[str, ...]) -> None:
        self.text.yview(*move)
