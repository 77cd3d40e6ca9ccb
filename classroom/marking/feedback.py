"""The pages that marking writes: one for each student, one for the teacher.

Every page is one file without scripts and without requests. What students wrote is escaped, and
the pages forbid themselves to run or load anything.
"""

import io
import re
import textwrap
from collections import Counter, defaultdict
from pathlib import Path

import jinja2
import markupsafe
import matplotlib

from classroom.judging import NOT_WRITTEN, RIGHT, WRONG
from sgdcore import plots

BARS = 12  # mistakes in the picture
STRESS = re.compile(r"\*(\S[^*]*)\*")


def write(results, questions, exercises, out):
    """Write ``feedback/*.html`` and ``summary.html``.

    Parameters
    ----------
    results : list of Result
        From `classroom.grade`.
    questions, exercises : dict
        By label.
    out : Path
        The folder.
    """
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("pages")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"said": said, "marked_up": marked_up, "next_step": next_step}
    pages.tests["case"] = shows_case
    shared = {"questions": questions, "exercises": exercises}
    (out / "feedback").mkdir(exist_ok=True)
    for result in results:
        page = pages.get_template("feedback.html").render(result=result, **shared)
        _save(out / "feedback" / f"{result.page}.html", page)
    page = pages.get_template("summary.html").render(
        results=results,
        shares=shares(results),
        mistakes=(found := mistakes(results)),
        picture=picture(found) if found else None,
        **shared,
    )
    _save(out / "summary.html", page)


def _save(path, page):
    path.write_text(page, encoding="utf-8", errors="backslashreplace")


def said(verdict):
    """The headline of a verdict without its status, with a capital letter."""
    words = verdict.headline.removeprefix(verdict.status).removeprefix(" — ")
    return words[:1].upper() + words[1:]


def marked_up(text):
    """A hint in HTML, with its `code` and its *stress*."""
    parts = str(markupsafe.escape(text)).split("`")
    for number, part in enumerate(parts):
        parts[number] = (
            STRESS.sub(r"<em>\1</em>", part) if number % 2 == 0 else f"<code>{part}</code>"
        )
    return markupsafe.Markup("".join(parts))


def shows_case(verdict):
    """Whether the details are a case: what was handed over, what was expected, what came."""
    return any(line.startswith("expected:") for line in verdict.details[1:])


def next_step(verdict):
    """What to look at: the hint of the mistake, or where to begin if it is not a known one."""
    if verdict.hint:
        return verdict.hint
    if any(line.startswith("in line ") for line in verdict.details):
        return (
            "Restart the notebook's kernel, run all cells, and call your function on this case. "
            "Print the names in that line just before it. Which one is not what you thought?"
        )
    if shows_case(verdict):
        return (
            "Work this case out by hand. Then let your function print what it computes on the way: "
            "at which step do the two part?"
        )
    return "Go through the question once more, part by part, and check each number on its own."


def shares(results):
    """For each exercise, how many got it right, wrong, and have not written it."""
    counts = defaultdict(Counter)
    for result in results:
        for label, mark in result.marks.items():
            status = mark.verdict.status
            counts[label][status if status in (RIGHT, WRONG) else NOT_WRITTEN] += 1
    return [
        (label, one[RIGHT], one[WRONG], one[NOT_WRITTEN]) for label, one in sorted(counts.items())
    ]


def mistakes(results):
    """Every mistake with its exercise, its hint and who made it, the most common first."""
    found = defaultdict(list)
    for result in results:
        for label, mark in result.marks.items():
            if mark.verdict.status == WRONG:
                key = mark.verdict.mistake or "no known mistake"
                found[label, key].append((result, mark.verdict.hint))
    return [
        (label, key, made[0][1], [result for result, _ in made])
        for (label, key), made in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def picture(found):
    """The most common mistakes as bars, in SVG, and what it shows in words."""
    bars = found[:BARS][::-1]
    names = [textwrap.fill(f"{label}: {key}", 46) for label, key, *_ in bars]
    counts = [len(made) for *_, made in bars]
    height = 0.9 + sum(0.17 + 0.19 * (1 + name.count("\n")) for name in names)
    fig, ax = plots.figure(width=7.5, height=height)
    drawn = ax.barh(range(len(bars)), counts, height=0.6, color=plots.COLOURS[0])
    ax.bar_label(drawn, padding=4)
    ax.set_yticks(range(len(bars)), names, parse_math=False)
    ax.set(xlabel="submissions", xlim=(0, 1.1 * max(counts)))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    stored = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "summary"}):  # the same marks, the same bytes
        fig.savefig(stored, format="svg", metadata={"Date": None})
    svg = stored.getvalue().decode()
    words = [f"{label}, {key}: {len(made)}" for label, key, _, made in found[:BARS]]
    return {"svg": svg[svg.index("<svg") :], "words": "Submissions by mistake. " + "; ".join(words)}
