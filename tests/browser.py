"""A real browser without a screen, for the pages that we write; see the fixture ``browser`` in ``conftest.py``."""

from __future__ import annotations

import shutil
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
DRIVER = "chromedriver"
FLAGS = (
    *(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--force-color-profile=srgb",
    ),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


def programs() -> tuple[str, str] | None:
    """Return the browser and its driver, or None where one of them is missing."""
    browser = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    driver = shutil.which(DRIVER)
    return (browser, driver) if browser and driver else None


def start(profile: Path, downloads: Path) -> Chrome:
    """Start the browser with an empty profile; what a page saves goes to ``downloads`` without asking."""
    browser, driver = programs() or ("", "")
    options = ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(options=options, service=Service(driver))


def complaints(browser: Chrome) -> list[str]:
    """Return the errors and warnings that the page has caused in the browser's console since this was last asked."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}]
