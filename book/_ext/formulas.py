"""Formulas are set when the book is built: a page needs no script and no waiting to show them.

MathJax, in the version that the package sphinx-mathjax-offline ships, runs in V8, a JavaScript
engine that Python can hold. Its HTML goes into the page, with the same formula as MathML for
screen readers. The style sheet, also MathJax's, comes with each page and has rules for that
page's characters only. They fix every width, and the font that fixes every height is written into
them, so that a font that arrives late moves nothing.
"""

import base64
import json
import re
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from mathjax import MATHJAX
from py_mini_racer import MiniRacer
from sphinx.util import logging
from sphinx.util.fileutil import copy_asset
from sphinx.util.math import get_node_equation_number, wrap_displaymath
from texts import exchange

COMPONENTS = [
    "loader.js",
    "core.js",
    "adaptors/liteDOM.js",
    "input/tex-base.js",
    "input/tex/extensions/ams.js",
    "input/tex/extensions/boldsymbol.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml.js",
]
WOFF = MATHJAX / "output/chtml/fonts/woff-v2"
FONTS = "_static/fonts"
# First in every list of fonts, and without a sign in it: lines are as high as it says, which is
# nothing. Until it has come, they would be as high as some other font says.
ZERO = "MathJax_Zero.woff"
# What must not begin a line, and what must not end one: a browser breaks a line on either side of
# a formula.
MARKS = re.compile(r"^[.,;:!?)\]’”…–—-]+")
OPENING = re.compile(r"[(\[‘“–—]+$")
# As high as the letters around it: 0.442 is the height of an x in MathJax's font, in em.
SIZE = "mjx-container { font-size: calc(1ex / 0.442); }"

logger = logging.getLogger(__name__)


class Engine:
    """MathJax in V8; one for the whole build."""

    def __init__(self):
        self.context = MiniRacer()
        for name in COMPONENTS:
            self.run((MATHJAX / name).read_text(encoding="utf-8"))
        self.run(Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))

    def run(self, script):
        self.context.eval(f"{script}\n;0")  # a result that Python can hold

    def call(self, function, *arguments):
        listed = ", ".join(map(json.dumps, arguments))
        return json.loads(self.context.eval(f"JSON.stringify({function}({listed}))"))


@cache
def engine():
    return Engine()


def tex(node):
    """The formula as MathJax takes it, and whether it stands on lines of its own."""
    text = node.astext()
    if isinstance(node, nodes.math):
        return text, False
    several = "\n\n" in text.strip() or r"\\" in text
    whole = node["nowrap"] or not several
    return text if whole else wrap_displaymath(text, None, False), True


def set_formulas(app, doctree, docname):
    """Set a page's formulas, all at once: each call of the engine takes a while."""
    if app.builder.format != "html":
        return
    found = list(doctree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block)))
    asked = list(dict.fromkeys(map(tex, found)))
    if not asked:
        return
    if app.builder.name == "epub":
        made = engine().call("translate", asked)
    else:
        page = engine().call("set", asked)
        made = page["formulas"]
        doctree["formulas"] = page["css"]
    made = dict(zip(asked, made, strict=True))
    for node in found:
        formula = made[tex(node)]
        if "error" in formula:
            logger.warning("%s in the formula %s", formula["error"], node.astext(), location=node)
        node["set"] = formula.get("html", escape(node.astext()))
        if isinstance(node, nodes.math):
            hold_marks(node)


def hold_marks(formula):
    """Keep the marks that stand directly before or behind a formula on its line."""
    siblings = formula.parent.children
    place = siblings.index(formula)
    opening = take(OPENING, siblings[:place][-1:])
    marks = take(MARKS, siblings[place + 1 :][:1])
    if opening or marks:
        held = nodes.inline(classes=["held"])
        formula.replace_self(held)
        held += [*opening, formula, *marks]


def take(marks, beside):
    """Take the marks from what stands beside a formula, if it is a text that has some."""
    texts = [node for node in beside if isinstance(node, nodes.Text) and marks.search(node)]
    taken = [nodes.Text(marks.search(text)[0]) for text in texts]
    for text in texts:
        exchange(text, nodes.Text(marks.sub("", text)))
    return taken


def html(node):
    """A title is shown outside its page too, where the page's style sheet is not: as MathML."""
    if "set" in node:
        return node["set"]
    [formula] = engine().call("translate", [tex(node)])
    return formula.get("html", escape(node.astext()))


def visit_inline(translator, node):
    start = translator.starttag(node, "span", "", CLASS="math notranslate nohighlight")
    translator.body.append(f"{start}{html(node)}</span>")
    raise nodes.SkipNode


def visit_display(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(f"{html(node)}</div>\n")
    raise nodes.SkipNode


@cache
def zero():
    """The font without signs as an address that needs no fetching."""
    data = base64.b64encode((WOFF / ZERO).read_bytes()).decode("ascii")
    return f"data:font/woff;base64,{data}"


def add_styles(app, pagename, templatename, context, doctree):
    if doctree is not None and "formulas" in doctree:
        css = doctree["formulas"].replace(f"FONTS/{ZERO}", zero())
        css = css.replace("FONTS", context["pathto"](FONTS, resource=True))
        context["formula_styles"] = f"<style>{css}\n{SIZE}</style>\n"


def copy_fonts(app):
    if app.builder.format == "html":
        copy_asset(WOFF, Path(app.outdir, FONTS))


def stop_engine(app, exception):
    """Its thread would keep the process from ending."""
    if engine.cache_info().currsize:
        engine().context.close()
        engine.cache_clear()


def setup(app):
    app.add_html_math_renderer("formulas", (visit_inline, None), (visit_display, None))
    app.connect("builder-inited", copy_fonts)
    app.connect("doctree-resolved", set_formulas)
    app.connect("html-page-context", add_styles)
    app.connect("build-finished", stop_engine)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
