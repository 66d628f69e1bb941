"""Whether another process lives: the worker watches REAPER, its window watches the worker. Stdlib only."""

from __future__ import annotations

import os
import sys


class ProcessWatch:
    """Watches one process from now on.

    Parameters
    ----------
    pid : int
        Its process id; 0: the process that started this one.
    """

    def __init__(self, pid: int = 0) -> None:
        self.pid = pid or os.getppid()
        self._is_parent = self.pid == os.getppid()
        if sys.platform == "win32":
            self._handle = _windows_handle(self.pid)

    def is_alive(self) -> bool:
        """Whether it lives; a parent is told from a later process that got its number."""
        if sys.platform == "win32":
            return _windows_lives(self._handle)
        if self._is_parent:
            return os.getppid() == self.pid
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:  # it lives, and is somebody else's
            return True
        return True


if sys.platform == "win32":
    import ctypes

    _SYNCHRONIZE = 0x0010_0000
    _STILL_WAITING = 0x102
    _KERNEL = ctypes.WinDLL("kernel32", use_last_error=True)
    _KERNEL.OpenProcess.restype = ctypes.c_void_p
    _KERNEL.OpenProcess.argtypes = (ctypes.c_uint32, ctypes.c_int, ctypes.c_uint32)
    _KERNEL.WaitForSingleObject.restype = ctypes.c_uint32
    _KERNEL.WaitForSingleObject.argtypes = (ctypes.c_void_p, ctypes.c_uint32)

    def _windows_handle(pid: int) -> int | None:
        """Return a handle that stays bound to this process, whoever gets its number later."""
        handle: int | None = _KERNEL.OpenProcess(_SYNCHRONIZE, False, pid)
        return handle

    def _windows_lives(handle: int | None) -> bool:
        return handle is not None and _KERNEL.WaitForSingleObject(handle, 0) == _STILL_WAITING
