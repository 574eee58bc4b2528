"""A letter's accent colour: enough contrast is a condition, not a hope."""

from __future__ import annotations

import base64
import colorsys
import hashlib
import re
from functools import cache

from app.domain.views import StoredHtml

# The grounds that the style sheet sets text in the accent colour on.
LIGHT_GROUND = "#ffffff"
DARK_GROUND = "#14151a"
_ENOUGH = 4.5  # WCAG 2.2, success criterion 1.4.3 for text of ordinary size


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, definition)."""
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours written as #rrggbb: 1 to 21 (WCAG 2.2)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def problem_with(colour: str) -> str | None:
    """Say what is wrong with an accent colour, or None."""
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        return "must be written as #rrggbb, in lower case"
    ratio = contrast(colour, LIGHT_GROUND)
    if ratio < _ENOUGH:
        return f"is too pale: contrast with white is {ratio:.1f}, at least 4.5 is asked"
    return None


def _on_dark(colour: str) -> str:
    """The same hue, light enough to be read on the dark ground."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    while contrast(colour, DARK_GROUND) < _ENOUGH:
        lightness = min(1.0, lightness + 0.02)
        red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
        colour = (
            f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
        )
    return colour


@cache
def css(colour: str) -> StoredHtml:
    """The custom properties that carry the accent, for a style element."""
    return StoredHtml(
        f":root{{--accent:{colour};--accent-ink:#ffffff}}"
        "@media (prefers-color-scheme:dark){"
        f":root{{--accent:{_on_dark(colour)};--accent-ink:{DARK_GROUND}}}}}"
    )


@cache
def css_source(style: StoredHtml) -> str:
    """The Content-Security-Policy source that lets exactly this style element in."""
    digest = hashlib.sha256(style.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
