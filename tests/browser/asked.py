"""What a page is asked as it stands open. A question answers with what is wrong, in a list.

To open a page takes longer than to ask it anything, so each page is opened once on a desk and once
on a phone, and asked every question in the order in which they stand here: what changes the page
comes last. With each question stands a script that spoils a page: it must be noticed.
"""

import re
from typing import NamedTuple

from axe_playwright_python.base import AXE_SCRIPT

from book._tools import length
from tests.book.notebooks import CHAPTERS, contents
from tests.environment import ROOT

PAGES = [*contents(), "index", "genindex", "search"]
CHAPTER_PAGES = [chapter.path.relative_to(ROOT).with_suffix("").as_posix() for chapter in CHAPTERS]
DESK = ("http", 1280)
PHONE = ("file", 375)
LARGEST = 900_000  # bytes of a page, compressed, figures included
MOVES = 0.02  # cumulative layout shift
VERDICTS = {
    "broken": "Broken on purpose",
    "fixed": "Repaired",
    "repaired": "Repaired",
    "measured": "A claim, measured",
}

UNFOLD = """() => document.querySelectorAll("details.folded").forEach((part) => {
  part.open = true;
})"""
THEME = "theme => { document.documentElement.dataset.theme = theme }"
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
FITTED = "'fitted' in document.documentElement.dataset"


class Question(NamedTuple):
    ask: object  # of an open page; returns what is wrong
    way: tuple
    pages: frozenset
    spoil: str  # the script after which something is wrong

    def __str__(self):
        return f"{self.ask.__name__}-{self.way[1]}"


QUESTIONS = []


def asks(*ways, spoil, of=PAGES):
    """Ask this of the pages opened in these ways."""

    def note(ask):
        QUESTIONS.extend(Question(ask, way, frozenset(of), spoil) for way in ways)
        return ask

    return note


# --- How the page arrived.


@asks(DESK, PHONE, spoil="() => { console.error('made up') }")
def complains(page):
    return page.complaints


@asks(DESK, PHONE, spoil="() => { document.title = '' }")
def has_no_title(page):
    return [] if page.title() else ["no title"]


@asks(DESK, spoil="() => { document.cookie = 'made=up' }")
def keeps_cookies(page):
    return page.context.cookies()


# As a host sends it: the server compresses.
SENT = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""


@asks(
    DESK,
    of=CHAPTER_PAGES,
    spoil="() => Promise.all([...Array(99)].map((_, k) => fetch(`?${k}`).then((r) => r.text())))",
)
def is_heavy(page):
    sent = page.evaluate(SENT)
    assert sent > 50_000, "the browser does not say what was sent"
    return [f"{sent} bytes"] if sent >= LARGEST else []


SCROLL = """async () => {
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
    scrollTo({ top: y, behavior: "instant" });
    await new Promise((done) => setTimeout(done, 20));
  }
  scrollTo({ top: 0, behavior: "instant" });
}"""


@asks(
    DESK,
    PHONE,
    of=CHAPTER_PAGES,
    spoil="""() => document.querySelector("article").insertAdjacentHTML(
      "afterbegin", "<div style='height: 300px'>made up</div>")""",
)
def moves(page):
    page.evaluate(SCROLL)
    page.evaluate(TWO_FRAMES)
    shift = page.evaluate("shifted.sum")
    return [f"moves by {shift}"] if shift >= MOVES else []


# --- What is on it.

# Formulas that no one has set, and marks that setting one went wrong. In lists of contents the
# browser sets them itself.
UNSET = """() => [...document.querySelectorAll(".math")]
  .filter((formula) => !formula.closest("article") ? !formula.querySelector("mjx-math, math")
    : formula.querySelectorAll("mjx-math").length !== 1
      || formula.querySelectorAll("mjx-assistive-mml > math").length !== 1)
  .concat([...document.querySelectorAll("mjx-merror, merror, [data-mjx-error], .katex-error")])
  .map((formula) => formula.outerHTML.slice(0, 200))"""


@asks(DESK, PHONE, spoil="() => { document.querySelector('mjx-math').remove() }")
def has_formulas_unset(page):
    return page.evaluate(UNSET)


# The room that was written for a formula beside the room it takes.
MISFITS = """() => [...document.querySelectorAll("mjx-container:not([display]):not(.wide)")]
  .filter((formula) => formula.checkVisibility())
  .map((formula) => [formula.getBoundingClientRect(),
    formula.querySelector("mjx-math").getBoundingClientRect(), formula.textContent])
  .filter(([room, set]) => Math.abs(room.width - set.width) > 1 || Math.abs(room.y - set.y) > 1)
  .map(([room, set, text]) => `${text}: ${room.width} for ${set.width}, ${room.y - set.y}`)"""


@asks(
    DESK,
    of=CHAPTER_PAGES,
    spoil="""() => { const seen = (formula) => formula.checkVisibility();
      [...document.querySelectorAll("mjx-container:not([display]):not(.wide)")].find(seen)
        .querySelector("mjx-math").style.paddingLeft = "5px" }""",
)
def has_formulas_in_the_wrong_room(page):
    return page.evaluate(MISFITS)


@asks(
    DESK,
    of=CHAPTER_PAGES,
    spoil="() => document.querySelectorAll('.cell_output img').forEach((img) => img.remove())",
)
def lacks_what_every_chapter_has(page):
    kinds = ("article .math", "article .cell_output img")
    return [kind for kind in kinds if page.locator(kind).count() == 0]


@asks(
    DESK,
    of=CHAPTER_PAGES,
    spoil="() => document.querySelector('.solution.dropdown').classList.remove('toggle-hidden')",
)
def shows_or_lacks_a_solution(page):
    shown = page.locator(".solution.dropdown:not(.toggle-hidden)").all_text_contents()
    solutions = page.locator(".solution.dropdown").count()
    return shown + ([f"{solutions} solutions"] if solutions < 3 else [])


MISTAKES = """() => [...document.querySelectorAll(
    "article .cell:is([class*=tag_mistake], [class*=tag_source])")]
  .map((cell) => [cell.className, cell.firstElementChild.textContent])"""


@asks(
    DESK,
    of=CHAPTER_PAGES,
    spoil="""() => {
      document.querySelector("article .cell[class*=tag_mistake]").firstElementChild.remove() }""",
)
def marks_a_mistake_by_colour_alone(page):
    return [
        [tags, label]
        for tags, label in page.evaluate(MISTAKES)
        if label != VERDICTS[re.search(r"tag_(?:mistake|source):\w+:(\w+)", tags)[1]]
    ]


FOLDED = """() => [...document.querySelectorAll(".folded")].filter((part) => part.open)
  .map((part) => part.textContent.slice(0, 80))"""


@asks(
    DESK,
    of=CHAPTER_PAGES,
    spoil="() => { document.querySelector('.folded').open = true }",
)
def opens_what_is_folded(page):
    return page.evaluate(FOLDED) if page.locator(".folded").count() else ["nothing is folded"]


# The same label right below another, with nothing to read between them.
REPEATED = """() => [...document.querySelectorAll("article .cell > .folded:last-child > summary")]
  .filter((label) => {
    const cell = label.closest(".cell").nextElementSibling;
    const next = cell?.querySelector(":scope > .folded > summary");
    return next && next.parentElement.previousElementSibling === null
      && next.textContent === label.textContent;
  }).map((label) => label.closest(".cell").id)"""


@asks(
    DESK,
    of=CHAPTER_PAGES,
    spoil="""() => {
      const cell = [...document.querySelectorAll("article .cell")].find((cell) =>
        cell.querySelector(":scope > .folded:only-child"));
      cell.after(cell.cloneNode(true)) }""",
)
def says_a_label_twice(page):
    return page.evaluate(REPEATED)


# Of what a folded cell prints, only what the text quotes is folded with it.
HIDDEN = """() => [...document.querySelectorAll("article .cell_output .output")]
  .filter((output) => output.closest(".folded")
    ? !output.querySelector("code.record")
    : !output.checkVisibility()
      && !output.closest(".dropdown, .solution, .exercise, .toggle-hidden"))
  .map((output) => output.textContent.slice(0, 80))"""


@asks(
    DESK,
    of=CHAPTER_PAGES,
    spoil="""() => { const shown = (output) => output.checkVisibility();
      [...document.querySelectorAll("article .cell_output .output")].find(shown).style.display
        = "none" }""",
)
def hides_an_output(page):
    return page.evaluate(HIDDEN)


@asks(DESK, of=CHAPTER_PAGES, spoil="() => document.querySelector('.predict .choice').remove()")
def has_a_prediction_without_a_choice(page):
    questions, choices = (page.locator(k).count() for k in (".predict", ".predict .choice"))
    groups = page.locator(".choice").evaluate_all(
        "choices => choices.map((choice) => choice.querySelector('input').name)"
    )
    if questions == choices == len(set(groups)) >= 3:
        return []
    return [f"{questions} questions, {choices} choices, {len(set(groups))} groups"]


@asks(
    DESK,
    of=CHAPTER_PAGES,
    spoil="() => { document.querySelector('article').style.minHeight = '30000px' }",
)
def is_more_than_one_lesson(page):
    return length.excess(length.measure(page))


# --- How it looks.

LOOK = "image => [getComputedStyle(image).filter, getComputedStyle(image).backgroundColor]"


@asks(
    DESK,
    of=CHAPTER_PAGES,
    spoil="() => { document.querySelector('.cell_output img').style.filter = 'invert(1)' }",
)
def shows_figures_wrongly_in_a_theme(page):
    figure = page.locator("article .cell_output img").first
    page.evaluate(THEME, "light")
    light = figure.evaluate(LOOK)[0]
    page.evaluate(THEME, "dark")
    dark = figure.evaluate(LOOK)
    page.evaluate(THEME, "light")
    expected = ("none", ["invert(1) hue-rotate(180deg)", "rgba(0, 0, 0, 0)"])
    return [] if (light, dark) == expected else [light, dark]


PANELS = """() => [...document.querySelectorAll("article .cell_output img[data-panels]")]
  .filter((image) => image.checkVisibility()).map((image) => {
    let box = image.parentElement;
    while (!["auto", "scroll"].includes(getComputedStyle(box).overflowX)) box = box.parentElement;
    box.focus();
    return [image.clientWidth, box.scrollWidth > box.clientWidth, box === document.activeElement];
  })"""
RESIZE = """() => document.querySelectorAll("img[data-panels]").forEach((image) => {
  image.style.setProperty("min-width", "WIDTH", "important");
  image.style.setProperty("width", "WIDTH", "important");
})"""


@asks(PHONE, of=CHAPTER_PAGES, spoil=RESIZE.replace("WIDTH", "300px"))
def shrinks_panels_or_lets_them_not_scroll(page):
    return [panel for panel in page.evaluate(PANELS) if panel[0] < 600 or panel[1:] != [True, True]]


CUT = """() => [...document.querySelectorAll("article .cell_output .output pre")]
  .filter((printed) => printed.scrollWidth > printed.clientWidth + 1)
  .map((printed) => printed.textContent)
  .filter((text) => !/\\S {2,}\\S|^ (?! asked: )/m.test(text))"""
LONG = """() => {
  const printed = document.querySelector("article .cell_output .output.sentences pre");
  printed.textContent = "made up ".repeat(30);
  printed.style.whiteSpace = "pre";
}"""


@asks(PHONE, of=CHAPTER_PAGES, spoil=LONG)
def cuts_a_printed_sentence(page):
    return page.evaluate(CUT)


@asks(DESK, of=CHAPTER_PAGES, spoil=RESIZE.replace("WIDTH", "900px"))
def widens_panels(page):
    return [panel for panel in page.evaluate(PANELS) if panel[0] > 760]


# Of formulas only the boxes are asked: what is inside one has the room that was written for it.
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (e) => e && e !== document.body
    && (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(e).overflowX)
        || scrolls(e.parentElement));
  return [...document.querySelectorAll("article *:not(mjx-container *)")]
    .filter((e) => e.getBoundingClientRect().right > width + 1 && !scrolls(e.parentElement)
        && !["auto", "scroll"].includes(getComputedStyle(e).overflowX))
    .map((e) => e.tagName + "." + e.className);
}"""
TALL_AND_WIDE = """() => {
  document.querySelector("article").insertAdjacentHTML(
    "afterbegin", "<div style='width: 2000px; height: 9px'></div>") }"""


@asks(DESK, PHONE, spoil=TALL_AND_WIDE)
def is_too_wide(page):
    width = page.viewport_size["width"]
    shown = page.evaluate("document.documentElement.scrollWidth")
    return page.evaluate(TOO_WIDE) + ([f"{shown} of {width}"] if shown > width else [])


SPLIT = r"""() => [...document.querySelectorAll(".prev-next-title")].flatMap((title) => {
  const texts = document.createTreeWalker(title, NodeFilter.SHOW_TEXT), split = [];
  while (texts.nextNode()) {
    for (const { 0: word, index } of texts.currentNode.data.matchAll(/\S+/g)) {
      const place = document.createRange();
      place.setStart(texts.currentNode, index);
      place.setEnd(texts.currentNode, index + word.length);
      if (place.getClientRects().length > 1 && !word.includes("-")) split.push(word);
    }
  }
  return split;
})"""


@asks(
    PHONE,
    of=CHAPTER_PAGES,
    spoil="() => { document.querySelector('.prev-next-title').style.width = '3rem' }",
)
def splits_a_word_of_a_neighbours_name(page):
    return page.evaluate(SPLIT)


# --- Unfolded, and by the rules of axe: from here on the page is another.


@asks(DESK, PHONE, spoil=TALL_AND_WIDE)
def is_too_wide_unfolded(page):
    page.evaluate(UNFOLD)
    page.evaluate(TWO_FRAMES)
    page.wait_for_function(FITTED)
    return is_too_wide(page)


# The square at the end of a proof, behind its last word: either its line has room, or there is some
# below. A formula counts as one word, and has a copy for those who hear the page.
CROWDED = """() => [...document.querySelectorAll("div.proof > p:last-child")].filter((end) => {
  const words = [...end.querySelectorAll("mjx-container")];
  const texts = document.createTreeWalker(end, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    if (texts.currentNode.parentElement.closest("mjx-container")) continue;
    words.push(document.createRange());
    words.at(-1).selectNodeContents(texts.currentNode);
  }
  const boxes = words.flatMap((word) => [...word.getClientRects()]).filter(({ width }) => width);
  const room = end.getBoundingClientRect();
  const lowest = Math.max(...boxes.map(({ bottom }) => bottom));
  const last = boxes.filter(({ bottom }) => bottom > lowest - 14);
  const square = parseFloat(getComputedStyle(end, "::after").width);
  return !(room.right - Math.max(...last.map(({ right }) => right)) > square
    || room.bottom - lowest > square);
}).map((end) => end.textContent.slice(-80))"""


@asks(
    DESK,
    PHONE,
    of=CHAPTER_PAGES,
    spoil="""() => document.head.insertAdjacentHTML("beforeend", `<style>
      .bd-article div.proof > p:last-child { width: max-content; white-space: nowrap }
      .bd-article div.proof > p:last-child::after { position: absolute }</style>`)""",
)
def ends_a_proof_on_its_words(page):
    page.evaluate(UNFOLD)
    page.evaluate(TWO_FRAMES)
    return page.evaluate(CROWDED)


# What scrolls, and of that: what no keyboard reaches, what has no shade at the side where there is
# more, and what is a formula.
SCROLLING = """() => [...document.querySelectorAll("article *:not(mjx-container *)")]
  .filter((box) => box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0
    && ["auto", "scroll"].includes(getComputedStyle(box).overflowX) && box.checkVisibility())
  .filter((box) => WRONG)
  .map((box) => box.outerHTML.slice(0, 200))"""
UNREACHED = """box.tabIndex !== 0
    || (box.matches(".math > *") && (box.scrollLeft !== 0
      || box.getAttribute("aria-label") !== "Formula, scrolls sideways"))"""
UNMARKED = """!getComputedStyle(box).backgroundImage.includes("gradient")"""
A_FORMULA = """box.matches(".math, .math *")"""


@asks(
    PHONE,
    spoil="""() => document.querySelectorAll("article pre").forEach((program) =>
      program.removeAttribute("tabindex"))""",
)
def scrolls_what_no_key_reaches(page):
    return page.evaluate(SCROLLING.replace("WRONG", UNREACHED))


@asks(
    PHONE,
    of=CHAPTER_PAGES,
    spoil="""() => document.head.insertAdjacentHTML(
      "beforeend", "<style>html article .scrolls { background: none !important }</style>")""",
)
def scrolls_without_a_sign(page):
    return page.evaluate(SCROLLING.replace("WRONG", UNMARKED))


@asks(
    DESK,
    of=CHAPTER_PAGES,
    spoil="""() => document.head.insertAdjacentHTML(
      "beforeend", "<style>article div.math { width: 90px !important }</style>")""",
)
def cuts_a_formula(page):
    return page.evaluate(SCROLLING.replace("WRONG", A_FORMULA))


# axe looks at every element in turn. A chapter has ten thousand in its formulas, set by a machine
# in the colour of the text around them, and as many in its programs: there one word of each kind
# in each program stands for the others.
THIN_OUT = """() => {
  document.querySelectorAll(".math > :not(.eqno)").forEach((formula) => {
    formula.textContent = "xx";  // about one letter alone axe does not decide
  });
  document.querySelectorAll(".highlight pre").forEach((program) => {
    const seen = new Set();
    program.querySelectorAll("span").forEach((word) => {
      if (seen.has(word.className)) word.replaceWith(word.textContent);
      seen.add(word.className);
    });
    program.normalize();
  });
  // About a word that is cut axe does not decide, nor about one on a shade.
  document.head.insertAdjacentHTML("beforeend",
    "<style>.bd-sidebar-primary { max-height: none; overflow: visible }</style>");
  document.querySelectorAll(".scrolls").forEach((box) => { box.classList.remove("scrolls") });
}"""
# To find what a word stands on, axe takes milliseconds, and there are a thousand words. So one of
# those that look the same in both themes, in a text and on grounds that look the same, stands for
# the others; what looks different because of the text around it is a link.
ALIKE = r"""() => {
  const bare = /^rgba\(0, 0, 0, 0\) none 1 (static|relative)$/;
  const ground = (element, seen) => {
    if (!element) return "";
    if (!seen.has(element)) {
      const paint = [null, "::before", "::after"].map((part) => {
        const style = getComputedStyle(element, part);
        return [style.backgroundColor, style.backgroundImage, style.opacity, style.position]
          .join(" ");
      }).filter((look) => !bare.test(look));
      seen.set(element, ground(element.parentElement, seen) + paint.join());
    }
    return seen.get(element);
  };
  const own = (element) => {
    const style = getComputedStyle(element);
    return [style.color, style.fontSize, style.fontWeight, style.textShadow,
      style.textDecorationLine].join();
  };
  const text = (element) => element.matches("a[href]") ? element.textContent.trim()
    : [...element.childNodes]
      .map((part) => part.nodeType === Node.TEXT_NODE ? part.data : "").join("").trim();
  const words = [...document.querySelectorAll("body *")].filter((element) => text(element)
    && element.checkVisibility({ visibilityProperty: true, opacityProperty: true }));
  // A single sign is no word, and axe does not decide about it.
  const looks = words.map((word) => text(word).length > 1 ? "" : "a sign ");
  for (const theme of ["light", "dark"]) {
    document.documentElement.dataset.theme = theme;
    const seen = new Map();
    words.forEach((word, place) => {
      const around = word.matches("a[href]") ? own(word.parentElement) : "";
      looks[place] += [theme, own(word), around, ground(word, seen)].join();
    });
  }
  document.querySelectorAll("body *:not(input, select, textarea)").forEach((element) => {
    element.toggleAttribute("data-alike", true);
  });
  const asked = new Set();
  words.forEach((word, place) => {
    word.toggleAttribute("data-alike", asked.has(looks[place]));
    asked.add(looks[place]);
  });
}"""
# In dark mode the same words are asked about as in the light.
MARKED = "document.querySelector('[data-alike]') !== null"
AXE = f"""{AXE_SCRIPT};axe.configure({{
  rules: [
    {{ id: "color-contrast", selector: ":not([data-alike])" }},
    {{ id: "link-in-text-block", selector: "a[href]:not([data-alike])" }},
  ],
}})"""
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
# A word about which axe cannot decide stands for none: of those with several signs there is none.
RUN = """(options) => axe.run(options).then(({ violations, incomplete }) =>
  violations.concat(incomplete.filter(({ id }) => id === "color-contrast").map((rule) =>
    ({ id: "undecided", nodes: rule.nodes.filter((node) =>
      node.any[0].data.messageKey !== "shortTextContent") })))
  .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`)))"""


def violations(page, **options):
    """What axe complains about, in short."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return page.evaluate(RUN, {"resultTypes": ["violations"], "preload": False, **options})


# An explorer's words lie under its still figure until the reader comes near and it is drawn.
DRAW = """async () => {
  for (const box of document.querySelectorAll(".explorer:not(.is-drawn)")) {
    while (!box.classList.contains("is-drawn")) {
      box.scrollIntoView({ behavior: "instant" });
      await new Promise(requestAnimationFrame);
    }
  }
  scrollTo({ top: 0, behavior: "instant" });
}"""


def thin_out(page):
    """Leave one of each to axe."""
    page.emulate_media(reduced_motion="reduce")  # no colour is on its way to another
    page.evaluate(DRAW)
    page.evaluate(THIN_OUT)
    page.evaluate(ALIKE)


@asks(DESK, PHONE, spoil="() => { document.querySelector('article img').removeAttribute('alt') }")
def breaks_a_rule_of_axe(page):
    thin_out(page)
    page.evaluate(THEME, "light")
    page.evaluate(TWO_FRAMES)
    return violations(page)


@asks(
    DESK,
    PHONE,
    # One paragraph among many that look the same in the light.
    spoil="""() => {
      [...document.querySelectorAll("article section > p")].at(-1).classList.add("made-up");
      document.head.insertAdjacentHTML(
        "beforeend", "<style>html[data-theme=dark] .made-up { color: #777 !important }</style>"
      ) }""",
)
def is_pale_in_the_dark(page):
    if not page.evaluate(MARKED):
        thin_out(page)
    page.evaluate(THEME, "dark")
    page.evaluate(TWO_FRAMES)
    return violations(page, runOnly=COLOURS)  # of the rules, these look at colours
