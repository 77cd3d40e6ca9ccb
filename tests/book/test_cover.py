"""The picture of the landing page is what its script draws today."""

import runpy

from PIL import Image

from sgdcore import plots
from tests.environment import ROOT


def test_the_cover_shows_the_runs_as_they_are():
    cover = runpy.run_path(str(ROOT / "book" / "_tools" / "cover.py"))
    with Image.open(cover["PICTURE"]) as picture:
        assert picture.text["Description"] == plots.describe(cover["draw"]())
