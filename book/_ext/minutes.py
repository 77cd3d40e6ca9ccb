"""The time that a chapter takes, computed from what stands on its page by one stated rule.

It is shown under the title. ``{minutes}`02.exercises``` quotes it elsewhere (``reading``, or the
name of a section), and the directive ``minutes-table`` lists all chapters. The rule stands in
``book/teaching.md``, whose numbers are those of ``RULE``.
"""

import re

from docutils import nodes
from folding import Folded, under_title
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx_exercise.nodes import (
    exercise_enumerable_node,
    exercise_node,
    solution_end_node,
    solution_node,
    solution_start_node,
)

RULE = {
    "words a minute": 100,
    "words an inline formula counts for": 3,
    "seconds a displayed formula": 60,
    "seconds a line of code": 6,
    "minutes a figure": 1,
    "minutes by hand": 10,
    "minutes to code": 20,
    "minutes to explore": 25,
    "minutes a prediction": 2,
    "hours for the capstone": 10,
}
KINDS = {"by hand": "minutes by hand", "code": "minutes to code", "explore": "minutes to explore"}
SECTIONS = ("Concepts", "Math", "Code", "Challenges", "FAQ", "Exercises", "Summary")
CHAPTER = re.compile(r"chapters/(\d\d)-")
PART = re.compile(r"Part [IV]+")
QUIZZES = "book/quizzes"
WORD = re.compile(r"\w[^\s]*")


class Minutes(nodes.Inline, nodes.Element):
    """Stands for a time until every chapter is read."""


class MinutesTable(nodes.General, nodes.Element):
    """Stands for the table of them."""


def is_folded(node):
    solutions = solution_node | solution_start_node | solution_end_node
    return isinstance(node, Folded | solutions) or "dropdown" in node.get("classes", ())


def seconds_of_words(words):
    return words * 60 / RULE["words a minute"]


def reading_seconds(node):
    """How long it takes to read what is open below a node."""
    if isinstance(node, nodes.math):
        return seconds_of_words(RULE["words an inline formula counts for"])
    if isinstance(node, nodes.math_block):
        return RULE["seconds a displayed formula"]
    if isinstance(node, nodes.literal_block):
        lines = [line for line in node.astext().splitlines() if line.strip()]
        return RULE["seconds a line of code"] * len(lines)
    if isinstance(node, nodes.Text):
        return seconds_of_words(len(WORD.findall(node)))
    if isinstance(node, nodes.image):
        return RULE["minutes a figure"] * 60
    if is_folded(node) or isinstance(node, nodes.raw | nodes.comment | nodes.system_message):
        return 0
    if "cell_output" in node.get("classes", ()):  # what a program printed is no program
        parts = node.findall(lambda part: isinstance(part, nodes.Text | nodes.image))
        return sum(map(reading_seconds, parts))
    return sum(map(reading_seconds, node.children))


def exercise_minutes(section):
    """How long the exercises and predictions of a section take, by their kinds."""
    total = 0
    for exercise in section.findall(
        lambda node: isinstance(node, exercise_node | exercise_enumerable_node)
    ):
        text = exercise.astext().lower()
        kind = min(filter(text.__contains__, KINDS), key=text.index)
        total += RULE[KINDS[kind]]
    return total + predictions(section)


def predictions(section):
    found = [node for node in section.findall(nodes.admonition) if "predict" in node["classes"]]
    return RULE["minutes a prediction"] * len(found)


def count(app, doctree):
    """Keep the minutes of each section of a chapter, and of each quiz."""
    if app.env.docname == QUIZZES:
        app.env.metadata[QUIZZES]["quizzes"] = [
            {
                "title": PART.match(title)[0],
                "id": section["ids"][0],
                "minutes": predictions(section),
            }
            for section in doctree.findall(nodes.section)
            if PART.match(title := section[0].astext())
        ]
    if not CHAPTER.match(app.env.docname):
        return
    found = {}
    for section in doctree.findall(nodes.section):
        title = section[0].astext()
        if title in SECTIONS:
            seconds = reading_seconds(section)
            found[title] = exercise_minutes(section) if title == "Exercises" else seconds / 60
    app.env.metadata[app.env.docname]["minutes"] = found


def times(env):
    """For each chapter's number the minutes of its sections."""
    return {
        CHAPTER.match(name)[1]: about["minutes"]
        for name, about in sorted(env.metadata.items())
        if "minutes" in about
    }


def rounded(minutes):
    """To five minutes, for nobody reads to the minute."""
    return max(5, 5 * round(minutes / 5))


def summed(found):
    """Minutes to read a chapter, and for its exercises."""
    reading = sum(minutes for title, minutes in found.items() if title != "Exercises")
    return {"reading": rounded(reading), "exercises": rounded(found.get("Exercises", 0))}


def note_chapters(env):
    """A page that quotes times is read again when a chapter or the quizzes have changed."""
    for name in env.found_docs:
        if CHAPTER.match(name) or name == QUIZZES:
            env.note_dependency(env.doc2path(name))


class MinutesRole(SphinxRole):
    def run(self):
        note_chapters(self.env)
        return [Minutes(key=self.text)], []


class MinutesTableDirective(SphinxDirective):
    def run(self):
        note_chapters(self.env)
        return [MinutesTable()]


def filled_table(found):
    head = ["chapter", *SECTIONS[:5], SECTIONS[6], "reading", "exercises"]
    rows = [
        [number, *(str(max(1, round(about.get(name, 0)))) for name in head[1:7])]
        + [str(minutes) for minutes in summed(about).values()]
        for number, about in found.items()
    ]
    group = nodes.tgroup("", cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", line(head))
    group += nodes.tbody("", *map(line, rows))
    return nodes.table("", group, classes=["colwidths-auto"])


def line(texts):
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in texts))


def fill(app, doctree, docname):
    """Every chapter is read: put the times where they are asked for, and under each title."""
    found = times(app.env)
    for node in list(doctree.findall(Minutes)):
        number, _, name = node["key"].partition(".")
        node.replace_self(nodes.Text(str(summed(found[number])[name])))
    for node in list(doctree.findall(MinutesTable)):
        node.replace_self(filled_table(found))
    chapter = CHAPTER.match(docname)
    if chapter:
        minutes = summed(found[chapter[1]])
        text = f"Reading {minutes['reading']} min, exercises {minutes['exercises']} min"
        under_title(doctree).insert(0, nodes.paragraph("", text, classes=["time"]))


def setup(app):
    app.add_node(Minutes)
    app.add_node(MinutesTable)
    app.add_role("minutes", MinutesRole())
    app.add_directive("minutes-table", MinutesTableDirective)
    app.connect("doctree-read", count)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
