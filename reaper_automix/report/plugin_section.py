"""The plug-ins of one track on the page: what each is set to, in words and as a curve, and why."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from reaper_automix.effect_settings.compressor import CompressorSettings
from reaper_automix.effect_settings.equaliser import EqualiserSettings
from reaper_automix.effect_settings.reverb import ReverbSettings
from reaper_automix.effect_settings.wording import settings_words
from reaper_automix.report import plots
from reaper_automix.report.plugin_model import PluginRow
from reaper_automix.report.plugin_plots import (
    compressor_plot,
    decay_plot,
    decay_words,
    equaliser_plot,
    reduction_plot,
    reduction_words,
)
from reaper_automix.report.wording import track_title


def plugin_section(track: str, rows: Sequence[PluginRow]) -> Markup:
    """Return the plug-ins that a plan sets on a track; nothing where there are none. Headings are ``h4``."""
    if not rows:
        return Markup("")
    parts = Markup("").join(_plugin(track_title(track), row) for row in rows)
    return Markup('<div class="plugins">{}</div>').format(parts)


def _plugin(track: str, row: PluginRow) -> Markup:
    was = f" Was: {settings_words(row.before)}." if row.before is not None and row.before != row.settings else ""
    parts = [Markup("<h4>{} <small>{}</small></h4>").format(row.effect.capitalize(), row.plugin)]
    parts.append(Markup("<p>{}.{}</p>").format(_full_words(row), was))
    if row.reason:
        parts.append(Markup('<p class="why">{}</p>').format(row.reason))
    parts.append(_curves(track, row))
    if row.remark:
        parts.append(Markup('<p class="muted">{}</p>').format(row.remark))
    wide = " two" if row.is_pictured and row.reduction is not None else ""
    return Markup('<div class="plugin{}">{}</div>').format(wide, Markup("").join(parts))


def _full_words(row: PluginRow) -> str:
    """Say all settings; those of a reverb's knobs that one line leaves out come after."""
    said = settings_words(row.settings)
    if isinstance(row.settings, ReverbSettings):
        said += (
            f", initial delay {row.settings.initial_delay_ms:g} ms, dampening {row.settings.dampening:.2f}, "
            f"width {row.settings.width:.2f}"
        )
    return said[0].upper() + said[1:]


def _curves(track: str, row: PluginRow) -> Markup:
    """Return the pictures with what they show; without pictures what was measured stays in words."""
    shown = _pictures(track, row) if row.is_pictured and plots.available() else []
    if not shown:
        return Markup("").join(Markup("<p>{}</p>").format(words) for words in _measured(row))
    figures = Markup("").join(
        Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(picture, caption) for picture, caption in shown
    )
    return Markup('<div class="curves">{}</div>').format(figures)


def _pictures(track: str, row: PluginRow) -> list[tuple[Markup, str]]:
    match row.settings:
        case EqualiserSettings():
            before = row.before if isinstance(row.before, EqualiserSettings) else None
            picture = equaliser_plot(track, row.settings, before, row.sample_rate_hz)
            bands = "all bands strong, each faint" if len(row.settings.bands) > 1 else "one band"
            dashed = "; before dashed" if before is not None and before != row.settings else ""
            return [(picture, f"Response in dB over Hz: {bands}{dashed}.")]
        case CompressorSettings():
            shown = [(compressor_plot(track, row.settings), "Level out over level in, dB; threshold dashed.")]
            if row.reduction is not None:
                shown.append((reduction_plot(track, row.reduction), reduction_words(row.reduction)))
            return shown
        case ReverbSettings():
            return [] if row.decay is None else [(decay_plot(track, row.decay), decay_words(row.decay))]


def _measured(row: PluginRow) -> list[str]:
    words = [reduction_words(row.reduction)] if row.reduction is not None else []
    return [*words, *([decay_words(row.decay)] if row.decay is not None else [])]
