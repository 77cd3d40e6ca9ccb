"""The core path and the plans of weeks, made from the computed times.

The directive ``core-path`` lists the chapters of the core path. ``plan`` takes a number of weeks
and ``core`` or ``all``: the last weeks belong to the capstone project, the others share the
chapters, in their order, as evenly as can be. A chapter that is added is in the plan by that.
"""

from itertools import accumulate, pairwise
from pathlib import Path

import yaml
from docutils import nodes
from minutes import CHAPTER, QUIZZES, RULE, line, note_chapters, summed, times
from needs import CORE
from sphinx.util.docutils import SphinxDirective

CAPSTONE_WEEKS = 2
CAPSTONE = "book/capstone"
CHOICES = ("core", "all")


class Times(nodes.General, nodes.Element):
    """Stands for a table of times until every chapter is read: which, and what it is asked."""


class CorePathDirective(SphinxDirective):
    def run(self):
        note_chapters(self.env)
        return [Times(table="core", asked=())]


class PlanDirective(SphinxDirective):
    required_arguments = 2

    def run(self):
        note_chapters(self.env)
        weeks, chapters = self.arguments
        if not weeks.isdecimal() or int(weeks) <= CAPSTONE_WEEKS or chapters not in CHOICES:
            raise self.error(
                f"a plan of {weeks!r} weeks for {chapters!r}: expected more than {CAPSTONE_WEEKS} "
                f"weeks, and {' or '.join(CHOICES)}"
            )
        return [Times(table="plan", asked=(int(weeks), chapters))]


def shared(minutes, weeks):
    """Cut a list of minutes into so many runs that are as even as can be.

    Of all cuts the one whose squared sums add up to least. Returns the place at which each ends.
    """
    sums = list(accumulate(minutes, initial=0))
    best = {0: (0, [])}  # for a number of chapters: the sum of squares, and where weeks end
    for week in range(weeks):
        best = {
            end: min(
                (squares + (sums[end] - sums[start]) ** 2, [*ends, end])
                for start, (squares, ends) in best.items()
                if start < end
            )
            for end in range(week + 1, len(sums))
        }
    return best[len(minutes)][1]


def parts(env):
    """For the last chapter of each part the part's number: its quiz comes then."""
    toc = yaml.safe_load(Path(env.srcdir, "_toc.yml").read_text(encoding="utf-8"))
    numbered = [part for part in toc["parts"] if "numbered" in part]
    return {CHAPTER.match(part["chapters"][-1]["file"])[1]: k for k, part in enumerate(numbered)}


class Tables:
    """Makes the tables of one page."""

    def __init__(self, app, docname):
        self.env, self.docname, self.uri = app.env, docname, app.builder.get_relative_uri
        self.pages = {
            match[1]: name for name in sorted(app.env.found_docs) if (match := CHAPTER.match(name))
        }
        self.found = {number: summed(about) for number, about in times(app.env).items()}
        self.quizzes = app.env.metadata[QUIZZES].get("quizzes", [])
        self.last = parts(app.env)

    def link(self, page, text, place=""):
        uri = self.uri(self.docname, page) + (place and f"#{place}")
        return nodes.reference("", text, refuri=uri, internal=True)

    def chapter(self, number):
        title = self.env.titles[self.pages[number]].astext()
        return [nodes.Text(f"{number} "), self.link(self.pages[number], title)]

    def quiz_after(self, number, chapters):
        """The quiz that comes after a chapter: where the whole part is in the plan."""
        k = self.last.get(number)
        return self.quizzes[k] if k is not None and chapters == "all" else None

    def minutes(self, number, chapters):
        """Minutes of a chapter with its exercises, and with the quiz after it."""
        quiz = self.quiz_after(number, chapters)
        return sum(self.found[number].values()) + (quiz["minutes"] if quiz else 0)

    def week(self, numbers, chapters):
        """The chapters of a week, with the quizzes after them."""
        words = []
        for number in numbers:
            words += [*self.chapter(number), nodes.Text("; ")]
            quiz = self.quiz_after(number, chapters)
            if quiz:
                words += [self.link(QUIZZES, f"quiz {quiz['title']}", quiz["id"]), nodes.Text("; ")]
        return words[:-1]

    def core(self):
        kinds = ("reading", "exercises")
        found = [[self.found[number][kind] for kind in kinds] for number in CORE]
        rows = [
            [self.chapter(number), *map(hours, row)]
            for number, row in zip(CORE, found, strict=True)
        ]
        sums = map(sum, zip(*found, strict=True))
        return table(["chapter", *kinds], [*rows, [[nodes.Text("in all")], *map(hours, sums)]])

    def plan(self, weeks, chapters):
        numbers = list(CORE if chapters == "core" else self.pages)
        minutes = [self.minutes(number, chapters) for number in numbers]
        ends = shared(minutes, weeks - CAPSTONE_WEEKS)
        rows = [
            [self.week(numbers[start:end], chapters), sum(minutes[start:end])]
            for start, end in pairwise([0, *ends])
        ]
        share = RULE["hours for the capstone"] * 60 // CAPSTONE_WEEKS
        rows += [[[self.link(CAPSTONE, "Capstone project")], share] for _ in range(CAPSTONE_WEEKS)]
        rows = [[[nodes.Text(str(k))], what, hours(time)] for k, (what, time) in enumerate(rows, 1)]
        total = sum(minutes) + share * CAPSTONE_WEEKS
        rows.append([[], [nodes.Text("in all")], hours(total)])
        return table(["week", "chapters", "time"], rows)


def hours(minutes):
    return [nodes.Text(f"{minutes // 60}\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}{minutes % 60:02d}")]


def table(head, rows):
    """A table with these heads; a cell is a list of nodes."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
    group += nodes.thead("", line(head))
    body = nodes.tbody()
    for row in rows:
        cells = (nodes.paragraph("", "", *cell) for cell in row)
        body += nodes.row("", *(nodes.entry("", cell) for cell in cells))
    group += body
    return nodes.table("", group, classes=["colwidths-auto"])


def fill(app, doctree, docname):
    """Every chapter is read: put the tables where they are asked for."""
    wanted = list(doctree.findall(Times))
    tables = Tables(app, docname) if wanted else None
    for node in wanted:
        node.replace_self(getattr(tables, node["table"])(*node["asked"]))


def setup(app):
    app.add_node(Times)
    app.add_directive("core-path", CorePathDirective)
    app.add_directive("plan", PlanDirective)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
