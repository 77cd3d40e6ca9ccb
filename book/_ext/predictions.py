"""Questions that ask for a prediction become a choice that answers.

The source is the same as in the notebook, where it reads as text: an admonition of the class
``predict`` with lines ``a) …``, then the folded answer, which names the right one and ends in a
paragraph ``**Not a).** …`` for each of the others, then the cell that measured it. On a page that
can be clicked, the options become radio buttons, and the cell goes into the answer.
"""

import re
from html import escape

from docutils import nodes
from folding import INTERACTIVE

OPTION = re.compile(r"([a-d])\) ")
RIGHT = re.compile(r"([a-d])\)")
HINT = re.compile(r"Not ([a-d])\)")
START = (
    '<fieldset class="choice" data-answer="{answer}" role="radiogroup" aria-label="Prediction {k}">'
)
CHOICE = (
    '<label class="option"><input class="live-only" type="radio" name="prediction-{k}"'
    ' value="{letter}" autocomplete="off">'
)
END = (
    '<button class="live-only choice-check" type="button">Check my choice</button>'
    '<div class="live-only choice-said" role="status" aria-live="polite"></div>'
    '<button class="live-only choice-show" type="button" hidden>Show what was measured</button>'
    "</fieldset>"
)


def options(paragraph):
    """The options of a question: each letter with the nodes of its text."""
    found = {}
    for node in paragraph.children:
        start = isinstance(node, nodes.Text) and OPTION.match(node.lstrip())
        if start:
            found[start[1]] = []
        if found and not isinstance(node, nodes.raw):  # a line's break
            found[list(found)[-1]].append(node)
    return found


def answer_of(question):
    """The folded answer that follows a question, and the cell after it."""
    following = question.parent[question.parent.index(question) + 1 :]
    if not following or "dropdown" not in following[0]["classes"]:
        return None, None
    cell = following[1] if len(following) > 1 else None
    return following[0], cell if cell and cell.get("nb_element") == "cell_code" else None


def make_choice(question, k):
    """Turn the options of a question into a choice, if it has some and an answer."""
    answer, cell = answer_of(question)
    found = answer and RIGHT.match(answer[1].astext())
    texts = options(question[-1])
    if not found or found[1] not in texts:
        return False
    made = [raw(START.format(answer=escape(found[1]), k=k))]
    for letter, text in texts.items():
        label = raw(CHOICE.format(letter=letter, k=k))
        made += [label, nodes.inline("", "", *text), raw("</label>")]
    question[-1].replace_self([*made, raw(END)])
    for paragraph in answer.findall(nodes.paragraph):
        hint = HINT.match(paragraph.astext())
        if hint:
            paragraph["classes"] += ["hint", f"hint-{hint[1]}"]
    if cell:
        cell.parent.remove(cell)
        answer += cell
    return True


def raw(html):
    return nodes.raw("", html, format="html")


def make_choices(app, doctree, docname):
    if app.builder.name in INTERACTIVE:
        questions = [
            node for node in doctree.findall(nodes.admonition) if "predict" in node["classes"]
        ]
        doctree["choices"] = sum(make_choice(node, k) for k, node in enumerate(questions, start=1))


def add_script(app, pagename, templatename, context, doctree):
    if doctree is not None and doctree.get("choices"):
        app.add_js_file("predictions.js", loading_method="defer")


def setup(app):
    app.connect("doctree-resolved", make_choices)
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
