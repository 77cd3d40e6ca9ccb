"""The explorers' still figures and the numbers that the book quotes about them."""

import importlib.util
import json
import re

import pytest
from PIL import Image

from tests.book.notebooks import CHAPTERS
from tests.environment import ROOT

HOME = ROOT / "book" / "explorers"
SCENES = json.loads((HOME / "scenes.json").read_text(encoding="utf-8"))
MEASURED = json.loads((HOME / "measured.json").read_text(encoding="utf-8"))
TOOL = ROOT / "book" / "_tools" / "stills.py"

each_scene = pytest.mark.parametrize("scene", SCENES["scenes"])


@pytest.fixture(scope="module")
def stills():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("stills", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@each_scene
def test_the_numbers_are_those_that_the_script_measures(stills, scene):
    again = stills.measure(scene)
    stored = MEASURED[scene]["numbers"]
    assert again.keys() == stored.keys()
    for name, value in again.items():
        # What rounding alone can make of a run that has come to rest.
        assert value == pytest.approx(stored[name], rel=1e-6, abs=1e-12), name


@each_scene
def test_the_still_figure_is_described_and_drawn(stills, scene):
    fig = stills.draw(scene)
    assert stills.plots.describe(fig) == MEASURED[scene]["alt"]
    with Image.open(HOME / "stills" / f"{scene}.png") as picture:
        width, height = (size * 120 for size in fig.get_size_inches())
        assert picture.size == (round(width), round(height))
        assert len(picture.convert("RGBA").getcolors(1 << 24)) > 20


@each_scene
def test_settings_and_buttons_name_controls(scene):
    about = SCENES["scenes"][scene]
    kind = SCENES["kinds"][about["kind"]]
    known = {*kind["controls"], "seed", *(["start"] if "movable" in kind else [])}
    assert set(about["settings"]) == known
    for name, preset in about["presets"].items():
        assert preset and set(preset) <= known, name


def test_every_measured_number_that_is_quoted_exists():
    texts = [(ROOT / "book" / "explore.md").read_text(encoding="utf-8")]
    texts += [cell.source for chapter in CHAPTERS for cell in chapter.cells]
    quoted = re.findall(r"\{measured\}`(\w+)\.(\w+):[^`]+`", "\n".join(texts))
    assert quoted
    for scene, name in quoted:
        assert name in MEASURED[scene]["numbers"], f"{scene}.{name}"
