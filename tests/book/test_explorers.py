"""The explorers' still figures and the numbers that the book quotes about them."""

import importlib.util
import io
import json
import re
import shutil

import pytest
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from tests.book.notebooks import CHAPTERS
from tests.book.prose import COLOUR
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


def test_nothing_is_told_by_its_colour():
    assert not COLOUR.search(json.dumps(SCENES))


def test_every_measured_number_that_is_quoted_exists():
    texts = [(ROOT / "book" / "explore.md").read_text(encoding="utf-8")]
    texts += [cell.source for chapter in CHAPTERS for cell in chapter.cells]
    quoted = re.findall(r"\{measured\}`(\w+)\.(\w+):[^`]+`", "\n".join(texts))
    assert quoted
    for scene, name in quoted:
        assert name in MEASURED[scene]["numbers"], f"{scene}.{name}"


@pytest.fixture
def build(tmp_path):
    """Build a page with the extension alone; returns what was written, and the warnings."""
    shutil.copytree(HOME / "stills", tmp_path / "book" / "explorers" / "stills")

    def build_page(source, builder="html"):
        (tmp_path / "index.md").write_text(f"# Page\n\n{source}\n", encoding="utf-8")
        settings = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_parser", "explorers"]
epub_show_urls = "no"
"""
        (tmp_path / "conf.py").write_text(settings, encoding="utf-8")
        out, warnings = tmp_path / "out" / builder, io.StringIO()
        with docutils_namespace():
            app = Sphinx(
                tmp_path, tmp_path, out, tmp_path / "doctrees", builder,
                status=None, warning=warnings, freshenv=True,
            )  # fmt: skip
            app.build()
        (page,) = [file for file in out.iterdir() if file.suffix in (".html", ".xhtml", ".tex")
                   and file.stem in ("index", "projectnamenotset")][:1]
        return page.read_text(encoding="utf-8"), warnings.getvalue()

    return build_page


SCENE = "```{image} book/explorers/stills/descent.png\n:class: explorer\n```"


def test_a_page_has_controls_and_the_still_figure(build):
    page, warnings = build(SCENE)
    assert not warnings
    assert "explorers/descent.js" in page and "explorers/race.js" not in page
    assert page.count('type="range"') == 6 and 'aria-live="polite"' in page
    assert MEASURED["descent"]["alt"][:40] in page


@pytest.mark.parametrize("builder", ["singlehtml", "epub", "latex"])
def test_elsewhere_there_is_the_still_figure_alone(build, builder):
    page, _ = build(SCENE, builder)
    assert "descent" in page and ("<img" in page or "includegraphics" in page)
    assert not re.search("<input|<button|<canvas|explorers/core.js", page)


def test_an_unknown_explorer_is_an_error_that_names_the_known(build):
    _, warnings = build(SCENE.replace("descent", "decent"))
    assert "no explorer is called 'decent'; there are descent, noise" in warnings


@pytest.mark.parametrize(
    ("text", "shown"),
    [("descent.one:.0f", "534"), ("curvature.mean_beyond:.0e", "5×10¹⁸"),
     ("curvature.median_beyond:.0e", "3×10⁻²⁸")],
)
def test_measured_numbers_are_set(build, text, shown):
    page, warnings = build(f"There are {{measured}}`{text}` of them.")
    assert f"There are {shown} of them." in page and not warnings


@pytest.mark.parametrize("text", ["descent.two:.0f", "nothing.one:.0f", "descent.one:.0q", "one"])
def test_a_number_that_is_not_there_is_an_error(build, text):
    _, warnings = build(f"There are {{measured}}`{text}` of them.")
    assert "expected {measured}`scene.name:format`" in warnings and text in warnings
