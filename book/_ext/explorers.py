"""Explorers: small experiments that run in the page, with a still figure where no script runs.

An image of the class ``explorer``, ``book/explorers/stills/descent.png``, is the still figure that
``book/_tools/stills.py`` has drawn of the scene "descent" of ``book/explorers/scenes.json``. A
page adds the scene's controls and empty plots, which the scripts in the same folder bring to life;
Jupyter shows the image. The role ``{measured}`` quotes a number of a scene:
``{measured}`descent.gradients:.0f```.
"""

import json
import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.util.fileutil import copy_asset

logger = logging.getLogger(__name__)

HERE = Path(__file__).parents[1] / "explorers"
SCENES, MEASURED = HERE / "scenes.json", HERE / "measured.json"
SCRIPTS = ["core.js", "view.js"]  # and one script of the name of its kind
POWER = re.compile(r"e([+-]\d+)")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
INTERACTIVE = {"html", "dirhtml"}  # builders whose pages have scripts


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


class Explorer(nodes.General, nodes.Element):
    """An explorer; its only child is the still figure."""


class ShowExplorers(SphinxTransform):
    """Make each still figure of the class an explorer."""

    default_priority = 400

    def apply(self):
        for image in list(self.document.findall(nodes.image)):
            if "explorer" in image["classes"]:
                self.show(image)

    def show(self, still):
        for file in HERE.iterdir():  # the page names each script with its check sum
            self.env.note_dependency(file)
        name, scenes = Path(still["uri"]).stem, load(SCENES)
        if name not in scenes["scenes"]:
            known = ", ".join(scenes["scenes"])
            logger.warning(f"no explorer is called {name!r}; there are {known}", location=still)
            return
        scene = scenes["scenes"][name]
        still["alt"] = load(MEASURED)[name]["alt"]
        still["classes"].remove("explorer")
        kind = scenes["kinds"][scene["kind"]]
        explorer = Explorer("", name=name, scene=scene, kind=kind)
        still.replace_self(explorer)
        explorer += still


class MeasuredRole(SphinxRole):
    def run(self):
        self.env.note_dependency(MEASURED)
        place, _, form = self.text.partition(":")
        scene, _, name = place.partition(".")
        try:
            text = format(load(MEASURED)[scene]["numbers"][name], form)
        except (KeyError, ValueError) as error:
            message = self.inliner.reporter.error(
                f"expected {{measured}}`scene.name:format`, got {self.text!r}: {error!r}",
                line=self.lineno,
            )
            return [], [message]
        text = POWER.sub(raised, text)
        quoted = self.env.metadata[self.env.docname].setdefault("measured", {})
        quoted[self.text] = text  # for the notebooks that are handed out
        return [nodes.Text(text)], []


def raised(match):
    """A power of ten as it is written by hand: 5×10¹⁸ for 5e+18."""
    return "×10" + str(int(match[1])).translate(SUPERSCRIPTS)


def visit(translator, node):
    if translator.builder.name not in INTERACTIVE:
        return
    name, scene, kind = node["name"], node["scene"], node["kind"]
    presets = escape(json.dumps(scene["presets"]))
    settings = escape(json.dumps(scene["settings"]))
    translator.body.append(
        f'<div class="explorer" role="group" aria-label="{kind["title"]}"'
        f' data-scene="{name}" data-kind="{scene["kind"]}"'
        f' data-settings="{settings}" data-presets="{presets}">\n'
        '<div class="explorer-still">'
    )


def depart(translator, node):
    if translator.builder.name not in INTERACTIVE:
        return
    scene, kind = node["scene"], node["kind"]
    actions = "".join(
        f'<button type="button" data-action="{action}">{label}</button>'
        for action, label in kind["buttons"].items()
    )
    presets = "".join(
        f'<button type="button" data-preset="{label}">{label}</button>'
        for label in scene["presets"]
    )
    controls = "\n".join(control(name, **about) for name, about in kind["controls"].items())
    plots = "\n".join(
        plot(name, label, name == kind.get("movable")) for name, label in kind["plots"].items()
    )
    translator.body.append(
        f'</div>\n<div class="explorer-live">\n<div class="explorer-plots">{plots}</div>\n'
        + keys(kind.get("keys", []))
        + (f'<p class="explorer-hint">{kind["hint"]}</p>\n' if kind["hint"] else "")
        + f'<div class="explorer-buttons explorer-actions">{actions}</div>\n'
        f'<div class="explorer-controls">{controls}</div>\n'
        f'<div class="explorer-buttons explorer-presets"><span>Try:</span>{presets}</div>\n'
        + (table(**kind["table"]) if "table" in kind else "")
        + '<p class="explorer-summary" role="status" aria-live="polite"></p>\n</div>\n</div>\n'
    )


def plot(name, label, movable):
    handle = (
        '<button type="button" class="explorer-handle" aria-label="Start"></button>'
        if movable
        else ""
    )
    return (
        f'<div class="explorer-plot" data-plot="{name}">'
        f'<canvas role="img" aria-label="{label}"></canvas>{handle}</div>'
    )


def control(name, *, label, choices=None, scale="", unit="", step=None, **ends):
    head = f'<label class="explorer-control"><span class="explorer-name">{label}</span>'
    if choices:
        options = "".join(
            f'<option value="{value}">{text}</option>' for value, text in choices.items()
        )
        return f'{head}<select name="{name}" autocomplete="off">{options}</select></label>'
    return (
        f'{head}<span class="explorer-value" aria-hidden="true">&nbsp;</span>'
        f'<input type="range" name="{name}" min="{ends["from"]}" max="{ends["to"]}" step="{step}"'
        f' data-scale="{scale}" data-unit="{unit}" autocomplete="off"></label>'
    )


def key(k):
    return f'<i class="explorer-key explorer-key-{k}"></i>'


def keys(names):
    items = "".join(f"<li>{key(k)}{name}</li>" for k, name in enumerate(names))
    return f'<ul class="explorer-keys">{items}</ul>\n' if names else ""


def table(*, caption, columns, rows):
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    cells = '<td><span class="explorer-cell">–</span></td>' * (len(columns) - 1)
    body = "".join(
        f'<tr><th scope="row">{key(k)}'
        f'<span class="explorer-cell">{row}</span></th>{cells}</tr>'
        for k, row in enumerate(rows)
    )
    return (
        f'<table class="explorer-table"><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>\n"
    )


def skip(translator, node):
    """Elsewhere the still figure stands for itself."""


def copy_files(app):
    """Beside the book's other static files, but on no page that does not ask for them."""
    if app.builder.name in INTERACTIVE:
        target = Path(app.outdir) / "_static" / "explorers"
        for file in [*HERE.glob("*.js"), *HERE.glob("*.css")]:
            copy_asset(file, target)


def add_files(app, pagename, templatename, context, doctree):
    """Scripts and styles, on the pages that have explorers only."""
    if doctree is None or app.builder.name not in INTERACTIVE:
        return
    kinds = {node["scene"]["kind"] for node in doctree.findall(Explorer)}
    if kinds:
        app.add_css_file("explorers/explorers.css")
        for script in [*SCRIPTS, *(f"{kind}.js" for kind in sorted(kinds))]:
            app.add_js_file(f"explorers/{script}", loading_method="defer")


def setup(app):
    elsewhere = dict.fromkeys(["latex", "text", "man", "texinfo"], (skip, skip))
    app.add_node(Explorer, html=(visit, depart), **elsewhere)
    app.add_transform(ShowExplorers)
    app.add_role("measured", MeasuredRole())
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
