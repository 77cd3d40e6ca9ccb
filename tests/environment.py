"""What a check needs besides Python, and what happens where it is missing."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"


def missing(reason):
    """Skip the test with a reason; in continuous integration fail, so that nothing goes unseen."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"{reason} (a failure because CI is set)", pytrace=False)
    pytest.skip(reason)


def built_site():
    """The folder of the built book."""
    if not (SITE / "index.html").exists():
        missing("the book is not built: run make strict")
    return SITE
