"""Pages played into an array, faster than real time and exact to the sample, in a real browser."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

RATE_HZ = 44_100

_LIBRARY = """
function packed(buffer) {
  const channels = [buffer.getChannelData(0), buffer.getChannelData(buffer.numberOfChannels - 1)];
  return channels.map(function (samples) {
    const bytes = new Uint8Array(samples.buffer);
    let text = "";
    for (let n = 0; n < bytes.length; n += 32768) text += String.fromCharCode(...bytes.subarray(n, n + 32768));
    return btoa(text);
  });
}
"""

_ENGINE = (
    _LIBRARY
    + """
const [sounds, options, sets, seconds, steps, rate, done] = arguments;
(async function () {
  const context = new OfflineAudioContext(2, Math.round(seconds * rate), rate);
  const settings = Object.assign({ context: () => context, read: (id) => sounds[id] }, options);
  const player = AutomixPlayback.create(settings);
  await player.use(...sets[0]);
  await player.play();
  const told = [];
  steps.forEach(function ([time, what, ...values]) {
    context.suspend(time).then(async function () {
      if (what === "use") await player.use(...sets[values[0]]);
      else if (what === "look") told.push([player.isPlaying(), player.positionS(), player.decodedSounds()]);
      else player[what](...values);
      context.resume();
    });
  });
  const heard = await context.startRendering();
  done([packed(heard), told]);
})().catch((error) => done("failed: " + error.stack));
"""
)

_PAGE_BEFORE = """
window.made = [];
window.AudioContext = class extends OfflineAudioContext {
  constructor() { super(2, 44100 * 8, 44100); window.made.push(this); }
};
"""

_PAGE = (
    _LIBRARY
    + """
const [steps, done] = arguments;
(async function () {
  const context = window.made[0];
  steps.forEach(function ([time, selector, what]) {
    context.suspend(time).then(async function () {
      const element = document.querySelector(selector);
      if (what === "click") element.click();
      else if (what.startsWith("key ")) {
        element.dispatchEvent(new KeyboardEvent("keydown", { key: what.slice(4), bubbles: true, cancelable: true }));
      } else {
        element.value = what;
        element.dispatchEvent(new Event("change", { bubbles: true }));
      }
      await new Promise((go) => setTimeout(go, 300));
      context.resume();
    });
  });
  const heard = await context.startRendering();
  done(packed(heard));
})().catch((error) => done("failed: " + error.stack));
"""
)


def play(
    browser: Any, sounds: dict[str, str], sets: list[Any], seconds: float, steps: list[Any], **options: Any
) -> tuple[np.ndarray, list[Any]]:
    """Play the first set with the engine of the page that is open.

    Parameters
    ----------
    sounds : dict
        Encoded audio as base64.
    sets : list
        Arguments of ``use``, set by set.
    seconds : float
        How long.
    steps : list of (seconds, method, arguments ...)
        What is called when; ``look`` asks where it is, ``use`` takes the number of a set.
    **options
        Of the player.

    Returns
    -------
    heard : ndarray of float32, shape (2, n)
    looks : list of (whether it plays, position in seconds, number of decoded sounds)
    """
    found = browser.execute_async_script(_ENGINE, sounds, options, sets, seconds, steps, RATE_HZ)
    assert not isinstance(found, str), found
    return _unpacked(found[0]), found[1]


def record_offline(browser: Any) -> Any:
    """Let the contexts of pages that are opened from now on be recorded; returns what ``forget`` takes."""
    return browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _PAGE_BEFORE})


def forget(browser: Any, token: Any) -> None:
    """Let pages play to the loudspeaker again."""
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", token)


def play_page(browser: Any, steps: list[tuple[float, str, str]]) -> np.ndarray:
    """Play eight seconds of a page on which something was started.

    Parameters
    ----------
    steps : list of (seconds, CSS selector, what)
        ``click``, ``key x``, or the value that a field is given.

    Returns
    -------
    ndarray of float32, shape (2, n)
    """
    found = browser.execute_async_script(_PAGE, steps)
    assert not isinstance(found, str), found
    return _unpacked(found)


def _unpacked(channels: list[str]) -> np.ndarray:
    return np.array([np.frombuffer(base64.b64decode(text), "<f4") for text in channels])
