"""The window itself: what a run does while it works, and afterwards what became of it."""

from __future__ import annotations

import threading
import tkinter as tk
import webbrowser
from collections.abc import Callable
from tkinter import ttk

from reaper_automix.progress_window.following import Follower
from reaper_automix.progress_window.look import Look, sharpen
from reaper_automix.progress_window.outcome import Outcome
from reaper_automix.progress_window.story import Phase, View

_LOOKS_EVERY_MS, _LOOKS_LATER_EVERY_MS = 100, 500
_ON_TOP_MS = 1500
"""How long the window stays above REAPER, so that it is seen when it opens."""

_FAREWELL_S = 0.8
"""How long "Cancelled" can be read before the window closes."""

_PATIENCE_S = 10.0
"""After so long without a word from REAPER the window can be closed."""

_WIDTH, _WIDTH_OVER, _HEIGHT_OVER = 440, 600, 420
_MOST_TITLE = 70


class ProgressWindow:
    """Shows one run.

    Parameters
    ----------
    follower : Follower
        Where the news come from.
    screen : str, optional
        The X display; the usual one by default.
    open_page : callable
        Opens the address of a page.

    Raises
    ------
    tkinter.TclError
        If there is no display.
    """

    def __init__(
        self,
        follower: Follower,
        *,
        screen: str | None = None,
        open_page: Callable[[str], object] = webbrowser.open,
    ) -> None:
        sharpen()
        self.root = tk.Tk(screenName=screen, className="reaper_automix")
        self.root.withdraw()
        self._follower, self._open_page = follower, open_page
        self._look = Look(self.root)
        self._icon = self._look.icon(self.root)  # kept: Tk only borrows it
        self.root.iconphoto(True, self._icon)
        self._outcome: Outcome | None = None
        self._closed = False
        self._build()
        self._show(follower.look())
        self._place()

    def run(self) -> None:
        """Show the window until it is closed."""
        self.root.after(_LOOKS_EVERY_MS, self._tick)
        self.root.mainloop()

    def look(self) -> None:
        """Show what is new; close when there is nothing left to say."""
        view = self._follower.look()
        over = view.phase.is_over
        if (self._follower.is_superseded and over) or (self._follower.is_abandoned and not over):
            self.close()
            return
        self._show(view)
        if view.phase == Phase.CANCELLED and self._follower.since_end_s >= _FAREWELL_S:
            self.close()

    def leave(self) -> None:
        """Cancel while the run goes on, close when it is over: Escape, the button, and the window's own cross."""
        if self._can_close():
            self.close()
        else:
            self._follower.cancel()
            self._show(self._follower.look())

    def close(self) -> None:
        """Close the window."""
        self._closed = True
        self.root.destroy()

    def open_report(self) -> None:
        """Show the report in the browser."""
        report = self._follower.report
        if report is None:
            self.step.configure(text=f"The report is no longer there: {self._follower.folder.report}")
            self.step.grid()
            return
        threading.Thread(target=self._open_page, args=(report.absolute().as_uri(),), daemon=True).start()

    # --- building ----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        root, px = self.root, self._look.px
        page = ttk.Frame(root, padding=(px(20), px(16), px(20), px(16)))
        page.grid(sticky="nsew")
        root.rowconfigure(0, weight=1)
        root.columnconfigure(0, weight=1)
        page.columnconfigure(0, weight=1)
        page.rowconfigure(6, weight=1)
        self._page = page
        self.title = self._label(page, 0, "Title.TLabel")
        self.project = self._label(page, 1, "Muted.TLabel")
        self.step = self._label(page, 2, "TLabel", above=px(16))
        self.count = ttk.Label(page, style="Muted.TLabel")
        self.count.grid(row=2, column=1, sticky="e", padx=(px(12), 0), pady=(px(16), 0))
        self.bar = ttk.Progressbar(page, maximum=1.0)
        self.bar.grid(row=3, column=0, columnspan=2, sticky="ew", pady=(px(8), px(6)))
        self.label = self._label(page, 4, "Small.TLabel")
        self.elapsed = ttk.Label(page, style="Small.TLabel")
        self.elapsed.grid(row=4, column=1, sticky="e", padx=(px(12), 0))
        self._build_buttons(page)
        root.protocol("WM_DELETE_WINDOW", self.leave)
        root.bind("<Escape>", lambda _: self.leave())
        page.bind("<Configure>", lambda event: self._fit(event.width))

    def _build_buttons(self, page: ttk.Frame) -> None:
        buttons = ttk.Frame(page)
        buttons.grid(row=7, column=0, columnspan=2, sticky="se", pady=(self._look.px(16), 0))
        self.report = ttk.Button(buttons, text="Open report", style="Accent.TButton", command=self.open_report)
        self.button = ttk.Button(buttons, text="Cancel", command=self.leave)
        self.button.grid(row=0, column=1)
        self.button.bind("<Return>", lambda _: self.button.invoke())
        self.report.bind("<Return>", lambda _: self.report.invoke())

    @staticmethod
    def _label(page: ttk.Frame, row: int, style: str, above: int = 0) -> ttk.Label:
        # The width in characters is little, and the grid makes it as wide as there is room: long names do not push.
        label = ttk.Label(page, style=style, width=10)
        label.grid(row=row, column=0, columnspan=2 if row < 2 else 1, sticky="ew", pady=(above, 0))
        return label

    def _place(self) -> None:
        """Open in the upper half of the screen, above REAPER for a moment, and without asking for the keyboard."""
        root = self.root
        root.update_idletasks()
        width, height = max(self._look.px(_WIDTH), root.winfo_width()), root.winfo_reqheight()
        left = (root.winfo_screenwidth() - width) // 2
        top = max((root.winfo_screenheight() - height) // 3, 0)
        root.geometry(f"{width}x{height}+{left}+{top}")
        root.minsize(self._look.px(320), height)
        root.attributes("-topmost", True)
        root.deiconify()
        root.after(_ON_TOP_MS, lambda: root.attributes("-topmost", False))

    def _fit(self, width: int) -> None:
        if self._outcome is not None:
            self._outcome.fit(width)

    # --- showing -----------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.look()
        if not self._closed:
            is_told = self._outcome is not None
            self.root.after(_LOOKS_LATER_EVERY_MS if is_told else _LOOKS_EVERY_MS, self._tick)

    def _can_close(self) -> bool:
        view = self._follower.view
        return view.phase.is_over or (view.phase == Phase.WRITING and self._follower.since_news_s > _PATIENCE_S)

    def _show(self, view: View) -> None:
        heading = " - ".join(text for text in (view.title, view.project) if text)
        self.root.title(heading[:_MOST_TITLE])
        self.title.configure(text=view.title)
        self.project.configure(text=view.project)
        self.button.configure(text="Close" if self._can_close() else "Cancel")
        waiting = view.phase in (Phase.STOPPING, Phase.WRITING) and not self._can_close()
        self.button.state(["disabled" if waiting else "!disabled"])
        if view.phase in (Phase.FINISHED, Phase.FAILED):
            self._show_outcome(view)
        else:
            self._show_progress(view)

    def _show_progress(self, view: View) -> None:
        self.step.configure(text=view.step)
        self.count.configure(text=view.count)
        self.label.configure(text=view.label)
        self.elapsed.configure(text=clock_words(self._follower.elapsed_s))
        was_unknown = str(self.bar.cget("mode")) == "indeterminate"
        if view.share is None:
            if not was_unknown:
                self.bar.configure(mode="indeterminate")
                self.bar.start(40)
        else:
            if was_unknown:
                self.bar.stop()
                self.bar.configure(mode="determinate")
            self.bar.configure(value=view.share)

    def _show_outcome(self, view: View) -> None:
        if self._outcome is None:
            self.bar.stop()
            for widget in (self.step, self.count, self.bar, self.label, self.elapsed):
                widget.grid_remove()
            self._outcome = Outcome(self._page, self._look, row=5)
            self._grow()
            self.button.focus_set()
        self._outcome.show(view, clock_words(self._follower.elapsed_s))
        if self._follower.report is not None and not self.report.winfo_manager():
            self.report.grid(row=0, column=0, padx=(0, self._look.px(8)))

    def _grow(self) -> None:
        """Make room for the outcome, where the window is, and no larger than the screen."""
        root, px = self.root, self._look.px
        width = min(max(root.winfo_width(), px(_WIDTH_OVER)), root.winfo_screenwidth() - px(40))
        height = min(max(root.winfo_height(), px(_HEIGHT_OVER)), root.winfo_screenheight() - px(80))
        left = max(min(root.winfo_x(), root.winfo_screenwidth() - width - px(20)), 0)
        top = max(min(root.winfo_y(), root.winfo_screenheight() - height - px(60)), 0)
        root.minsize(px(360), px(240))
        root.geometry(f"{width}x{height}+{left}+{top}")


def clock_words(elapsed_s: float) -> str:
    """Return a time as minutes and seconds, with hours where there are some."""
    minutes, seconds = divmod(int(elapsed_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
