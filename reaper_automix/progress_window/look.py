"""How the window looks: the same dark on light on every system, in the system's own font."""

from __future__ import annotations

import sys
import tkinter as tk
from tkinter import font, ttk

PAGE, PANEL, RULE = "#ffffff", "#f6f7f8", "#d5dade"
TEXT, MUTED = "#1b1f23", "#57606a"
ACCENT, ACCENT_DARK = "#0a58a8", "#084785"
WARNING, PROBLEM, GOOD = "#8a4b00", "#a1260d", "#1a6b36"
_TROUGH, _PRESSED = "#e3e7ea", "#e9ecef"

_SCREEN_DPI = 72.0 if sys.platform == "darwin" else 96.0


def sharpen() -> None:
    """Have Windows draw the window in the screen's own pixels; to be called before there is one."""
    if sys.platform == "win32":
        import contextlib
        import ctypes

        with contextlib.suppress(AttributeError, OSError):
            ctypes.windll.shcore.SetProcessDpiAwareness(1)


class Look:
    """Fonts, colours and sizes of one window.

    Parameters
    ----------
    root : Tk
        The window.
    """

    def __init__(self, root: tk.Tk) -> None:
        self._scale = max(root.winfo_fpixels("1i") / _SCREEN_DPI, 1.0)
        plain = font.nametofont("TkDefaultFont")
        size = abs(int(plain.actual("size")))
        self.plain = plain
        self.bold = self._like(plain, weight="bold")
        self.small = self._like(plain, size=max(size - 1, 8))
        self.title = self._like(plain, size=size + 3, weight="bold")
        root.configure(background=PAGE)
        self._style(ttk.Style(root))

    def icon(self, root: tk.Tk) -> tk.PhotoImage:
        """Return a picture of three faders, for the window's corner and the task bar."""
        picture = tk.PhotoImage(master=root, width=32, height=32)
        picture.put(ACCENT, to=(0, 0, 32, 32))
        for left, top in ((5, 17), (13, 8), (21, 13)):
            picture.put(_TROUGH, to=(left + 2, 4, left + 4, 28))
            picture.put(PAGE, to=(left, top, left + 6, top + 6))
        return picture

    def px(self, length: float) -> int:
        """Return a length in the screen's pixels."""
        return round(length * self._scale)

    @staticmethod
    def _like(plain: font.Font, **changes: object) -> font.Font:
        copy = plain.copy()
        copy.configure(**changes)  # type: ignore[arg-type]
        return copy

    def _style(self, style: ttk.Style) -> None:
        style.theme_use("clam")
        style.configure(".", background=PAGE, foreground=TEXT, font=self.plain, bordercolor=RULE)
        style.configure("Muted.TLabel", foreground=MUTED)
        style.configure("Small.TLabel", foreground=MUTED, font=self.small)
        style.configure("Title.TLabel", font=self.title)
        style.configure("Bold.TLabel", font=self.bold)
        style.configure("Panel.TFrame", background=PANEL)
        bar = "Horizontal.TProgressbar"
        style.configure(bar, background=ACCENT, lightcolor=ACCENT, darkcolor=ACCENT, thickness=self.px(8))
        style.configure(bar, troughcolor=_TROUGH, bordercolor=_TROUGH, borderwidth=0, pbarrelief="flat")
        style.configure("Vertical.TScrollbar", background=RULE, troughcolor=PAGE, bordercolor=PAGE, arrowcolor=MUTED)
        style.configure("Vertical.TScrollbar", lightcolor=RULE, darkcolor=RULE, gripcount=0, arrowsize=self.px(11))
        style.map("Vertical.TScrollbar", background=[("disabled", PAGE), ("active", "#aab3bb")])
        self._button(style, "TButton", PAGE, TEXT, RULE, _PRESSED)
        self._button(style, "Accent.TButton", ACCENT, PAGE, ACCENT, ACCENT_DARK)

    def _button(self, style: ttk.Style, name: str, back: str, fore: str, edge: str, over: str) -> None:
        style.configure(
            name,
            background=back,
            foreground=fore,
            bordercolor=edge,
            lightcolor=back,
            darkcolor=back,
            focuscolor=MUTED if back == PAGE else PAGE,
            padding=(self.px(14), self.px(5)),
        )
        colours = [("pressed", over), ("active", over)]
        style.map(name, background=colours, lightcolor=colours, darkcolor=colours, foreground=[("disabled", "#9aa4ad")])
