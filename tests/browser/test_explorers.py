"""The explorers: their formulas are those of sgdcore, and they answer to mouse, finger and keys."""

import json
import re

import numpy as np
import pytest

from sgdcore import data, optimizers, plots, problems, schedules, train
from tests.book.notebooks import contents
from tests.environment import ROOT, built_site

PAGE = "book/explore"
HOMES = {
    "chapters/02-gradient-descent": ["descent"],
    "chapters/06-choosing-the-learning-rate": ["curvature"],
    PAGE: ["descent", "noise", "curvature", "schedules", "race"],
}
SCRIPTS = {"noise": "descent.js"}  # a scene of another kind than its name
MEASURED = json.loads(
    (ROOT / "book" / "explorers" / "measured.json").read_text(encoding="utf-8")
)
STEPS, DECAY = 200, 0.97
# What the script is called with, and what it must agree with.
OPTIMIZERS = {
    "sgd()": optimizers.sgd(),
    "momentum(0.9)": optimizers.momentum(0.9),
    "nesterov(0.9)": optimizers.nesterov(0.9),
    "adagrad()": optimizers.adagrad(),
    "rmsprop()": optimizers.rmsprop(),
    "adam()": optimizers.adam(),
}
SCHEDULES = {
    "constant(0.1)": schedules.constant(0.1),
    f"inverse_time(0.1, {DECAY})": schedules.inverse_time(0.1, DECAY),
    f"exponential(0.1, {DECAY})": schedules.exponential(0.1, DECAY),
    "linear(0.1, 150)": schedules.linear(0.1, 150),
    "cosine(0.1, 150)": schedules.cosine(0.1, 150),
}
SURFACES = {  # with a rate at which a noisy run is not chaotic
    "quadratic(50)": (problems.quadratic(50), 0.1),
    "rosenbrock()": (problems.rosenbrock(), 2e-4),
    "beale()": (problems.beale(), 1e-3),
    "himmelblau()": (problems.himmelblau(), 1e-3),
    "saddle()": (problems.saddle(), 0.05),
    "rastrigin()": (problems.rastrigin(), 1e-4),
}

each_explorer = pytest.mark.parametrize("scene", HOMES[PAGE])
each_width = pytest.mark.parametrize("width", [1280, 375])


# --- The formulas.


@pytest.fixture(scope="module")
def core(browser):
    """Evaluate an expression in which ``sgd`` is the script with the formulas."""
    page = browser.new_page()
    page.add_script_tag(path=built_site() / "_static" / "explorers" / "core.js")

    def evaluate(expression, **values):
        names = ", ".join(values)
        return np.array(page.evaluate(f"({{{names}}}) => {expression}", plain(values)))

    yield evaluate
    page.close()


def plain(values):
    """As lists, which is what a browser understands."""
    return {name: np.asarray(value).tolist() for name, value in values.items()}


def agree(ours, theirs):
    theirs = np.asarray(theirs)
    assert np.isfinite(theirs).all()
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def recorded(steps, parameters=2):
    """The noise that a run with seed 0 draws in sgdcore."""
    return data.draw_normal(data.generators(0, "noise"), (steps, parameters))


def both_runs(core, surface, optimizer, schedule, lr, sigma=0.3, batch=4):
    """The trajectory in the page and that of sgdcore, on the same noise."""
    problem, _ = SURFACES[surface]
    start = core(f"sgd.surfaces.{surface}.start").astype(float)
    ours = core(
        f"sgd.train(sgd.surfaces.{surface}, sgd.optimizers.{optimizer}, {schedule}, start,"
        f" {STEPS}, sgd.additive({sigma}, {batch}, epsilon))",
        start=start,
        epsilon=recorded(STEPS).ravel(),
    )
    history = train(
        problems.noisy(problem, problems.additive(sigma / batch**0.5)),
        start,
        OPTIMIZERS[optimizer],
        lr=lr,
        steps=STEPS,
        seeds=0,
        record_theta=True,
    )
    return ours, history.theta


@pytest.mark.parametrize("surface", SURFACES)
def test_surfaces_agree(core, surface):
    problem, _ = SURFACES[surface]
    points = np.random.default_rng(0).uniform(-3, 3, (50, 2))
    values, grads = problem.value_and_grad(points)
    called = f"sgd.surfaces.{surface}"
    agree(core(f"points.map({called}.value)", points=points), values)
    agree(core(f"points.map({called}.gradient)", points=points), grads)
    assert core(f"{called}.minimum").tolist() == problem.minimum.tolist()


def test_a_turned_quadratic_has_the_same_shape(core):
    unit = np.eye(2)
    hessian = core("unit.map(sgd.surfaces.quadratic(50, 30).gradient)", unit=unit)
    agree(hessian, hessian.T)
    agree(np.linalg.eigvalsh(hessian), [1 / 50, 1])
    flat = np.linalg.eigh(hessian)[1][:, 0]
    agree(abs(flat @ [np.cos(np.pi / 6), np.sin(np.pi / 6)]), 1)
    point = np.array([1, 2])
    agree(core("sgd.surfaces.quadratic(50, 30).value([1, 2])"), 0.5 * point @ hessian @ point)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("surface", SURFACES)
def test_runs_agree_on_the_same_noise(core, surface, optimizer):
    _, lr = SURFACES[surface]
    agree(*both_runs(core, surface, optimizer, f"sgd.schedules.constant({lr})", lr))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_agree(core, schedule):
    t = np.arange(STEPS)
    rates = core(f"t.map(sgd.schedules.{schedule})", t=t)
    agree(rates, SCHEDULES[schedule](t))
    called = f"sgd.schedules.{schedule}"
    agree(*both_runs(core, "quadratic(50)", "adam()", called, SCHEDULES[schedule]))


def test_mistake_9_compounds(core):
    lr, expected = 0.1, []
    for t in range(30):
        lr = lr * 0.9**t  # the decayed rate is decayed again
        expected.append(lr)
    agree(core("t.map(sgd.schedules.compounding(0.1, 0.9))", t=np.arange(30)), expected)


@pytest.mark.parametrize("batch", [1, 3])
def test_fresh_samples_agree(core, batch):
    eigenvalues, steps = np.array([1, 0.3, 0.05]), 100
    problem = problems.gaussian_regression(eigenvalues, noise=0.4, batch_size=batch)
    draws = data.draw_normal(data.generators(0, "noise"), (steps, batch, 4))
    ours = core(
        """{
          const fresh = sgd.gaussianRegression(eigenvalues, 0.4, batch);
          let t = 0;
          const now = { gradient: (theta) => fresh.gradient(theta, draws[t++]) };
          const path = sgd.train(
            now, sgd.optimizers.sgd(), sgd.schedules.constant(0.1), [1, -2, 3], draws.length);
          return path.map((theta) => [...theta, fresh.value(theta)]);
        }""",
        eigenvalues=eigenvalues,
        batch=batch,
        draws=draws.reshape(steps, -1),
    )
    history = train(
        problem, np.array([1.0, -2, 3]), optimizers.sgd(), lr=0.1, steps=steps, seeds=0,
        record_theta=True,
    )
    agree(ours[:, :3], history.theta)
    agree(ours[:, 3], history.loss)


def moments_matrix(eigenvalues, batch, lr):
    """The matrix of the recursion of the second moments, equation 3.4."""
    square = (1 - lr * eigenvalues) ** 2 + lr**2 / batch * eigenvalues**2
    return np.diag(square) + lr**2 / batch * np.outer(eigenvalues, eigenvalues)


@pytest.mark.parametrize(("d", "batch"), [(1, 1), (20, 1), (8, 5)])
def test_the_theory_of_the_limit_agrees(core, d, batch):
    eigenvalues = np.geomspace(0.1, 1, d) if d > 1 else np.ones(1)
    given = {"eigenvalues": eigenvalues, "batch": batch}
    limit = float(core("sgd.meanSquareLimit(eigenvalues, batch)", **given))
    agree(abs(np.linalg.eigvals(moments_matrix(eigenvalues, batch, limit))).max(), 1)

    lr = limit / 3
    M, m = moments_matrix(eigenvalues, batch, lr), np.linspace(1, 2, d)
    added = lr**2 / batch * eigenvalues * 0.5**2
    next_m = core("sgd.nextMoments(m, eigenvalues, 0.5, batch, lr)", m=m, lr=lr, **given)
    agree(next_m, M @ m + added)
    rest = np.linalg.solve(np.eye(d) - M, added)  # the fixed point
    c = float(core("sgd.noiseShare(eigenvalues, batch, lr)", lr=lr, **given))
    agree(0.5 * 0.5**2 * c / (1 - c), 0.5 * eigenvalues @ rest)


def test_the_theory_of_schedules_agrees(core):
    rates, lam, sigma = schedules.cosine(0.5, 50)(np.arange(50)), 0.7, 0.4
    factors = 1 - lam * rates
    after = np.append(np.cumprod(factors[::-1])[::-1][1:], 1)
    expected = factors.prod() ** 2 * 9 + sigma**2 * (rates**2 * after**2).sum()
    ours = core(
        "rates.reduce((square, lr) => sgd.nextSquare(square, lam, sigma, lr), 9)",
        rates=rates, lam=lam, sigma=sigma,
    )  # fmt: skip
    agree(ours, expected)


@pytest.mark.parametrize("beta", [0, 0.6, 0.9])
def test_the_floor_with_momentum_agrees(core, beta):
    eigenvalues, sigma, batch, lr = np.array([0.1, 1]), 0.5, 4, 0.3
    expected = 0
    for lam in eigenvalues:  # of (error, buffer) the stationary covariance, S = A S Aᵀ + noise
        A = np.array([[1 - lr * lam, -lr * beta], [lam, beta]])
        to = np.array([-lr, 1])[:, None] * sigma / batch**0.5
        S = np.linalg.solve(np.eye(4) - np.kron(A, A), (to @ to.T).ravel())
        expected += 0.5 * lam * S[0]
    agree(core(f"sgd.floorOf([0.1, 1], {sigma}, {batch}, {lr}, {beta})"), expected)


def test_noise_is_normal_and_belongs_to_its_seed(core):
    draws = core("[0, 1, 2, 1].map((seed) => [...sgd.normals(seed, 50001)])")
    assert (draws[1] == draws[3]).all()
    error = 1 / draws.shape[1] ** 0.5
    for sample in draws[:3]:
        assert abs(sample.mean()) < 4 * error
        assert abs(sample.var() - 1) < 4 * 2**0.5 * error
        assert abs((sample**4).mean() - 3) < 4 * 96**0.5 * error
        assert abs(sample[1:] @ sample[:-1]) / sample.size < 4 * error
    off_diagonal = (draws[:3] @ draws[:3].T / draws.shape[1])[np.triu_indices(3, 1)]
    assert (abs(off_diagonal) < 4 * error).all()


def test_quantiles_agree(core):
    values, shares = np.random.default_rng(0).standard_normal(64), [0.1, 0.5, 0.9]
    ours = core("sgd.quantiles(values, shares)", values=values, shares=shares)
    agree(ours, np.quantile(values, shares, method="inverted_cdf"))
    lost = core("sgd.quantiles([NaN, 1, Infinity], shares)", shares=shares)
    assert lost.tolist() == [1, np.inf, np.inf]


def test_the_colours_are_those_of_the_figures(visit):
    opened = visit(PAGE)
    assert tuple(opened.evaluate("explorer.COLOURS")) == plots.COLOURS
    dashes = [[] if dash == "-" else list(dash[1]) for dash in plots.DASHES]
    assert opened.evaluate("explorer.DASHES") == dashes


# --- What a reader does.


def find(page, scene):
    """The explorer of this scene, drawn and with its summary."""
    box = page.locator(f".explorer[data-scene={scene}]")
    box.scroll_into_view_if_needed()
    box.locator(".explorer-plots").scroll_into_view_if_needed()
    page.wait_for_function(
        """(scene) => {
          const box = document.querySelector(`.explorer[data-scene=${scene}]`);
          const text = box.querySelector(".explorer-summary").textContent;
          return box.classList.contains("is-drawn") && text && !text.startsWith("Tuning");
        }""",
        arg=scene,
        timeout=30_000,
    )
    return box


def pictures(box):
    return box.evaluate("box => [...box.querySelectorAll('canvas')].map((c) => c.toDataURL())")


def summary(box):
    return box.locator(".explorer-summary").inner_text()


def changed(box, act, of=summary):
    """Do something, and wait until the summary (or something else) is another one."""
    before = of(box)
    act()
    pause = 20 if of is summary else 100  # milliseconds; pictures take a while to compare
    for _ in range(10_000 // pause):
        box.page.wait_for_timeout(pause)
        after, text = of(box), summary(box)
        if after != before and "Tuning" not in f"{after} {text}":
            return after
    pytest.fail(f"nothing changed: {before!r:.300}")


def press(box, name):
    return box.get_by_role("button", name=name, exact=True).click()


def start_of(box):
    """Where the summary says that the run starts."""
    return [
        float(number.replace("−", "-"))
        for number in re.search(r"from \((.+?), (.+?)\)", summary(box)).groups()
    ]


def middle(locator):
    corner = locator.bounding_box()
    return corner["x"] + corner["width"] / 2, corner["y"] + corner["height"] / 2


@each_width
@pytest.mark.parametrize("page", HOMES)
def test_explorers_draw_and_speak(visit, page, width):
    opened = visit(page, "file", width)
    scenes = opened.locator(".explorer").evaluate_all("all => all.map((e) => e.dataset.scene)")
    assert scenes == HOMES[page]
    for scene in scenes:
        box = find(opened, scene)
        assert len(set(pictures(box))) == len(pictures(box))
        assert re.search(r"\d", summary(box))
        assert box.locator(".explorer-still").is_hidden()
        cut = "all => all.filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.textContent)"
        assert box.locator("td, th, .explorer-name, .explorer-value").evaluate_all(cut) == []
    assert opened.complaints == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("scene", "preset"),
    [
        ("noise", None),
        ("curvature", "With noise"),
        ("schedules", None),
        ("race", "One rate for all"),
    ],
)
def test_every_slider_and_choice_is_heard(visit, scene, preset):
    opened = visit(PAGE)
    box = find(opened, scene)
    if preset:
        changed(box, lambda: press(box, preset))
    for slider in box.locator("input[type=range]").all():
        assert slider.is_enabled()
        value = slider.get_attribute("aria-valuetext")
        slider.focus()
        key = "ArrowLeft" if slider.get_attribute("name") == "shown" else "ArrowRight"
        changed(box, lambda: [opened.keyboard.press(key) for _ in range(3)], pictures)  # noqa: B023
        assert slider.get_attribute("aria-valuetext") != value
    for choice in box.locator("select").all():
        values = choice.locator("option").evaluate_all("all => all.map((o) => o.value)")
        for value in [other for other in values if other != choice.input_value()]:
            changed(box, lambda: choice.select_option(value), pictures)  # noqa: B023
    assert opened.complaints == []


def heights(page):
    return page.locator(".explorer").evaluate_all(
        "all => all.map((box) => box.getBoundingClientRect().height)"
    )


@each_explorer
def test_every_button_is_heard_and_moves_nothing(visit, scene):
    opened = visit(PAGE)
    opened.emulate_media(reduced_motion="reduce")
    box = find(opened, scene)
    first, found, before = summary(box), {}, heights(opened)
    for preset in box.locator("button[data-preset]").all():
        found[preset] = changed(box, preset.click)
        assert heights(opened) == before, summary(box)
        assert changed(box, lambda: press(box, "Reset")) == first
    opened.set_viewport_size({"width": 375, "height": 900})
    before = heights(opened)
    for preset, text in found.items():  # whatever was set before, and however wide the page
        assert changed(box, preset.click) == text
        assert heights(opened) == before, text
    assert opened.complaints == []


def test_other_noise_is_another_run(visit):
    box = find(visit(PAGE), "noise")
    changed(box, lambda: press(box, "Other noise"))


def test_the_start_is_moved_by_keys(visit):
    opened = visit(PAGE)
    box = find(opened, "descent")
    handle = box.locator(".explorer-handle")
    scroll = opened.evaluate("scrollY")
    handle.focus()
    x, y = start_of(box)
    changed(box, lambda: opened.keyboard.press("ArrowRight"))
    assert start_of(box)[0] > x and start_of(box)[1] == y
    changed(box, lambda: opened.keyboard.press("ArrowUp"))
    assert start_of(box)[1] > y
    assert "arrow keys" in handle.get_attribute("aria-label")
    assert opened.evaluate("scrollY") == scroll


def test_the_start_is_dragged_by_mouse(visit):
    opened = visit(PAGE)
    box = find(opened, "descent")
    x, y = middle(box.locator(".explorer-handle"))
    before = start_of(box)

    def drag():
        opened.mouse.move(x, y)
        opened.mouse.down()
        opened.mouse.move(x + 60, y + 30, steps=4)
        opened.mouse.up()

    changed(box, drag)
    assert start_of(box)[0] > before[0] and start_of(box)[1] < before[1]
    assert np.allclose(middle(box.locator(".explorer-handle")), [x + 60, y + 30], atol=1)
    opened.mouse.move(x, y)  # let go: it no longer follows
    opened.wait_for_timeout(400)
    assert np.allclose(middle(box.locator(".explorer-handle")), [x + 60, y + 30], atol=1)


def test_the_start_is_dragged_by_touch(visit):
    opened = visit(PAGE, width=375)
    box = find(opened, "descent")
    fingers = opened.context.new_cdp_session(opened)
    fingers.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    handle = box.locator(".explorer-handle")
    handle.evaluate("handle => handle.scrollIntoView({ block: 'center', behavior: 'instant' })")
    x, y = middle(handle)
    scroll, before = opened.evaluate("scrollY"), start_of(box)

    def drag():
        for k in range(12):
            name = "touchStart" if k == 0 else "touchMove"
            fingers.send(
                "Input.dispatchTouchEvent",
                {"type": name, "touchPoints": [{"x": x + 2 * k, "y": y + 6 * k}]},
            )
            opened.wait_for_timeout(20)
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    changed(box, drag)
    assert start_of(box)[0] > before[0] and start_of(box)[1] < before[1]
    assert opened.evaluate("scrollY") == scroll, "the finger moves the start, not the page"
    fingers.detach()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_play_respects_reduced_motion(visit, motion):
    opened = visit(PAGE)
    opened.emulate_media(reduced_motion=motion)
    box = find(opened, "schedules")  # its first time shown is the middle
    press(box, "Play")
    opened.wait_for_timeout(500)
    shown = float(box.locator("[name=shown]").input_value())
    assert shown == 1 if motion == "reduce" else 0 < shown < 0.5


def test_summaries_say_what_sgdcore_measured(visit):
    """Where no noise is drawn, the page must say the very numbers of the answers."""
    opened = visit(PAGE)
    numbers = {scene: about["numbers"] for scene, about in MEASURED.items()}

    def says(box, value):
        text = opened.evaluate("value => explorer.digits(value)", value)
        assert text in re.split(r"[\s,]+|\.(?:\s|$)", summary(box)), (text, summary(box))

    box = find(opened, "descent")
    says(box, numbers["descent"]["one"])
    for preset, name in (("Just below 2", "close"), ("Momentum at 3.3", "momentum")):
        changed(box, lambda: press(box, preset))  # noqa: B023
        says(box, numbers["descent"][name])
    changed(box, lambda: press(box, "Start on a saddle"))
    says(box, numbers["descent"]["ridge"])

    box = find(opened, "curvature")
    says(box, numbers["curvature"]["limit"])
    changed(box, lambda: press(box, "Two inputs, beyond"))
    says(box, numbers["curvature"]["mean_beyond"])

    box = find(opened, "schedules")
    says(box, numbers["schedules"]["middle_linear"])
    says(box, numbers["schedules"]["middle_cosine"])
    changed(box, lambda: press(box, "A large first rate"))
    says(box, numbers["schedules"]["large_exponential"])

    box = find(opened, "race")
    says(box, numbers["race"]["straight_sgd"])
    changed(box, lambda: press(box, "Turn the axes"))
    says(box, numbers["race"]["turned_adagrad"])


def test_the_mean_beyond_the_limit_is_met_by_no_run(visit):
    box = find(visit(PAGE), "curvature")
    changed(box, lambda: press(box, "Two inputs, beyond"))
    assert re.search(r"exact mean is [\d.]+×10¹⁸ .* runs [\d.]+×10⁻[²³]", summary(box))


# --- What the page is made of.


def test_nothing_is_loaded_where_no_explorer_is():
    for page in contents():
        text = (built_site() / f"{page}.html").read_text(encoding="utf-8")
        loaded = re.findall(r"_static/explorers/(\w+\.\w+)", text)
        expected = {SCRIPTS.get(scene, f"{scene}.js") for scene in HOMES.get(page, [])}
        if expected:
            expected |= {"explorers.css", "core.js", "view.js"}
        assert sorted(loaded) == sorted(expected), page


@pytest.mark.parametrize("page", HOMES)
def test_without_scripts_there_is_a_still_figure(without_scripts, page):
    for box in without_scripts(page).locator(".explorer").all():
        image = box.locator("img")
        assert image.is_visible() and image.bounding_box()["height"] > 150
        assert len(image.get_attribute("alt")) > 100
        assert box.locator("input, button, canvas").first.is_hidden()


def test_on_paper_there_is_the_still_figure(visit):
    opened = visit(PAGE)
    box = find(opened, "descent")
    opened.emulate_media(media="print")
    assert box.locator("img").is_visible()
    assert box.locator("canvas").first.is_hidden()


@each_width
def test_nothing_moves_when_the_scripts_arrive(visit, width):
    opened = visit(PAGE, "http", width)
    opened.route("**/explorers/*.js*", lambda route: route.abort())
    opened.reload()
    before = heights(opened)
    assert opened.locator(".explorer img").first.is_visible()
    opened.unroute_all()
    opened.reload()
    for scene in HOMES[PAGE]:
        find(opened, scene)
    assert heights(opened) == before


@pytest.mark.parametrize("density", [1, 2])
def test_pictures_are_sharp_and_follow_the_theme(browser, addresses, density):
    context = browser.new_context(device_scale_factor=density)
    opened = context.new_page()
    opened.goto(f"{addresses['file']}/{PAGE}.html")
    canvas = find(opened, "curvature").locator("canvas").first
    across, seen = canvas.evaluate("canvas => [canvas.width, canvas.clientWidth]")
    assert across == density * seen
    look = "canvas => getComputedStyle(canvas).filter"
    opened.evaluate("document.documentElement.dataset.theme = 'light'")
    assert canvas.evaluate(look) == "none"
    opened.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert canvas.evaluate(look) == "invert(1) hue-rotate(180deg)"
    context.close()


def test_everything_has_a_name(visit):
    opened = visit(PAGE)
    for scene in HOMES[PAGE]:
        box = find(opened, scene)
        assert box.get_attribute("aria-label")
        for role in ("slider", "combobox", "button", "img"):
            for part in box.get_by_role(role).all():
                name = part.evaluate("e => (e.labels?.[0] || e).textContent || e.ariaLabel")
                assert name.strip(), (scene, role)
        assert box.locator(".explorer-summary").get_attribute("aria-live") == "polite"
