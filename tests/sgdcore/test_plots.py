"""Descriptions that follow the data, quantile bands, published numbers."""

from types import SimpleNamespace

import numpy as np
import pytest

from sgdcore import plots, problems


@pytest.fixture
def shown(monkeypatch):
    """A function that calls another and returns the one output that it displayed."""

    def shown(act):
        outputs = []

        def display(data, metadata, raw):
            assert raw
            outputs.append(SimpleNamespace(data=data, metadata=metadata))

        monkeypatch.setattr("IPython.display.display", display)
        act()
        (output,) = outputs
        return output

    return shown


def curve(values):
    fig, ax = plots.figure()
    ax.plot(np.arange(len(values)), values, label="GD")
    ax.set(xlabel="step $t$", ylabel="loss", yscale="log")
    return fig


def test_the_description_follows_the_data():
    text = plots.describe(curve([1.0, 0.5, 0.25]))
    assert "Horizontal axis: step t" in text
    assert "Vertical axis: loss (log scale)" in text
    assert "GD: 3 points from (0, 1) by (1, 0.5) to (2, 0.25), lowest 0.25, highest 1." in text
    assert plots.describe(curve([1.0, 0.5, 0.30])) != text
    assert plots.describe(curve([1.0, 0.7, 0.25])) != text
    assert plots.describe(curve([1.0, 0.5 * (1 + 1e-13), 0.25])) == text


def drawn(draw):
    fig, ax = plots.figure()
    draw(ax)
    return plots.describe(fig)


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda ax: ax.axhline(2, label="floor"), "floor: horizontal at 2."),
        (lambda ax: ax.axvline(0.5), "A line: vertical at 0.5."),
        (lambda ax: ax.plot([3], [4], "o", label="start"), "start: at (3, 4)."),
        (lambda ax: ax.plot([1, 2], [np.nan, np.inf]), "A line: no finite value."),
        (
            lambda ax: ax.scatter([1, 2, 3], [4, 6, 11], label="data"),
            "data: 3 points, 1 to 3 across, 4 to 11 up, mean height 7.",
        ),
        (lambda ax: ax.bar(["GD", "SGD"], [1, 0.25]), "Bars: GD: 1, SGD: 0.25."),
        (lambda ax: ax.barh(["GD", "SGD"], [1, 0.25]), "Bars: GD: 1, SGD: 0.25."),
        (lambda ax: ax.hist(np.arange(26), bins=13), "13 bars, highest"),
        (lambda ax: ax.imshow(np.eye(4)), "Image of 4 by 4 values from 0 to 1."),
        (lambda ax: ax.text(0, 0, r"$2/L$"), "Note: 2/L."),
        (lambda ax: ax.set_title("rates", loc="left"), "rates."),
        (
            lambda ax: ax.fill_between([0, 1], [0, 1], [2, 5], label="band"),
            "band: ends from 1 to 5.",
        ),
    ],
)
def test_every_kind_of_artist_is_described(draw, sentence):
    assert sentence in drawn(draw)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (r"$\eta\lambda$, or $d\sigma^2/2T$", "eta lambda, or d sigma^2/2T"),
        (r"$\Vert e_t\Vert^2/\|\theta_0\|$", "‖e_t‖^2/‖theta_0‖"),
        (r"$0.5\cdot 0.9^t$", "0.5 · 0.9^t"),
        (r"$D/(M\sqrt{t+1})$", "D/(M√(t+1))"),
        (r"$\mathbb{E}_\eta[\theta] - \theta^\star$", "E_eta[theta] - theta^star"),
        (r"$\hat y$, $L_{\max}\,\ell$", "y hat, L_max ell"),
        (r"$\propto\varepsilon$", "∝ epsilon"),
    ],
)
def test_a_label_is_described_as_one_says_it(label, said):
    assert drawn(lambda ax: ax.text(0, 0, label)).endswith(f"Note: {said}.")


def test_panels_are_numbered():
    fig, axes = plots.figure(2)
    for ax in axes:
        ax.plot([0, 1], [1, 2])
    text = plots.describe(fig)
    assert "Panel 1 of 2." in text
    assert "Panel 2 of 2." in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.125, "0.12"), (0.125 + 1e-14, "0.12"), (201, "200"), (1e-15, "0"), (-0.5, "-0.5"),
     (2.5e-7, "2.5e-07"), (3e7, "3e+07")],
)  # fmt: skip
def test_two_digits(value, text):
    assert plots._digits(value) == text


def test_bands_are_the_median_and_the_outer_deciles():
    runs = np.arange(101.0)[:, None] * np.array([1.0, 2.0])
    fig, ax = plots.figure()
    line = plots.bands(ax, [0, 1], runs, "SGD")
    assert line.get_ydata().tolist() == [50, 100]
    edges = ax.collections[0].get_paths()[0].vertices
    assert {10.0, 20.0, 90.0, 180.0} <= set(edges[:, 1])
    assert "Band: ends from 20 to 180." in plots.describe(fig)


def test_diverged_runs_pull_the_median_up():
    runs = np.ones((10, 1))
    runs[:6] = np.nan
    line = plots.bands(plots.figure()[1], [0], runs, "SGD")
    assert np.isinf(line.get_ydata()[0])


def test_bands_and_trajectories_name_bad_shapes():
    ax = plots.figure()[1]
    with pytest.raises(ValueError, match=r"\(3, 4\) and \(5,\)"):
        plots.bands(ax, np.zeros(5), np.zeros((3, 4)), "")
    with pytest.raises(ValueError, match=r"\(T, 2\), got \(4, 3\)"):
        plots.trajectory(ax, np.zeros((4, 3)), "")


def test_contours_and_a_trajectory():
    fig, ax = plots.figure()
    plots.contours(ax, problems.quadratic(4.0).value, (-1, 1), (-2, 2), levels=[0.1, 0.5])
    plots.trajectory(ax, [[1, 1], [0.5, 0.25], [0, 0]], "GD")
    text = plots.describe(fig)
    assert "2 level lines from 0.1 to 0.5." in text
    assert "GD: 3 points from (1, 1) by (0.5, 0.25) to (0, 0)" in text


def test_level_lines_below_zero_are_as_solid_as_above():
    ax = plots.figure()[1]
    lines = plots.contours(ax, lambda theta: theta[..., 0], (-1, 1), (-1, 1), levels=[-0.5, 0.5])
    assert {dashes for _, dashes in lines.get_linestyles()} == {None}


def test_a_fit_shows_data_and_line():
    fig, ax = plots.figure()
    plots.fit(ax, [0, 1, 2], [1, 3, 4], [0, 2], [[1, 5]], "fit")
    text = plots.describe(fig)
    assert "data: 3 points from (0, 1)" in text
    assert "fit: 2 points from (0, 1)" in text


def test_show_gives_a_picture_and_its_description(shown):
    fig = curve([1.0, 0.1])
    output = shown(lambda: plots.show(fig))
    assert output.data["text/plain"] == plots.describe(fig)
    assert output.data["image/png"].startswith("iVBOR")
    assert output.metadata["course"] == {"figure": True}
    assert [text.get_text() for text in fig.axes[0].get_legend().get_texts()] == ["GD"]
    again = shown(lambda: plots.show(curve([1.0, 0.1])))
    assert again.data == output.data


GRID = np.mgrid[:40, :40].reshape(2, -1)


def waves(ax, label="GD"):
    """A line that leaves no room for a legend inside the panel."""
    x = np.linspace(0, 20, 300)
    ax.plot(x, np.sin(9 * x), label=label)


@pytest.mark.parametrize("title", ["", "digits"])
@pytest.mark.parametrize(
    ("draw", "above"),
    [
        (lambda ax: ax.plot([0, 1], [0, 1], label="GD"), False),
        (lambda ax: ax.plot([0, 0], [0, 1], "o", label="GD"), False),
        (waves, True),
        (lambda ax: ax.fill_between([0, 1], 0, 1, label="GD"), True),
        (lambda ax: ax.bar(range(9), np.ones(9), width=1, label="GD"), True),
        (lambda ax: ax.scatter(*GRID, label="GD"), True),
        (lambda ax: ax.plot(*GRID, "o", label="GD"), True),
    ],
    ids=["line", "two points", "waves", "area", "bars", "cloud", "points"],
)
def test_a_legend_hides_nothing(shown, draw, above, title):
    fig, ax = plots.figure()
    draw(ax)
    ax.set_title(title)
    shown(lambda: plots.show(fig))
    legend, panel = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert (legend.y0 > panel.y1 - 1) == above
    if title and above:
        assert ax.title.get_window_extent().y0 > legend.y1


def test_a_legend_on_level_lines_and_a_long_one(shown):
    fig, (left, right) = plots.figure(columns=2)
    plots.contours(left, problems.quadratic(2).value, (-1, 1), (-1, 1))
    left.plot([0], [0], "o", label="minimum")
    for name in ("a method with a long name", "and another one", "and the last"):
        waves(right, name)
    shown(lambda: plots.show(fig))
    for ax in (left, right):
        legend, panel = ax.get_legend().get_window_extent(), ax.get_window_extent()
        assert legend.y0 > panel.y1 - 1 and legend.width <= panel.width


def test_record_publishes_a_number_with_its_tolerance(shown):
    output = shown(lambda: plots.record("gap", np.float64(0.123456789), rtol=1e-4))
    assert output.data["text/plain"] == "0.123456789"
    assert "gap = 0.123457" in output.data["text/html"]
    assert output.metadata["scrapbook"] == {"name": "gap", "mime_prefix": ""}
    assert output.metadata["record"] == {"rtol": 1e-4}
    output = shown(lambda: plots.record("steps", np.int64(12), rtol=0.1, reason="chaotic"))
    assert output.data["text/plain"] == "12"
    assert output.metadata["record"] == {"rtol": 0.1, "reason": "chaotic"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", 1.0), "name must be"),
        (("a b", 1.0), "name must be"),
        ((3, 1.0), "name must be"),
        (("gap", np.ones(2)), "one number"),
        (("gap", "1.0"), "one number"),
        (("gap", None), "one number"),
        (("gap", 1.0, -1e-3), "rtol must be a finite number >= 0"),
        (("gap", 1.0, np.nan), "rtol must be a finite number >= 0"),
        (("gap", 1.0, 0.02), "needs a reason"),
    ],
)
def test_record_names_what_it_cannot_publish(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.record(*arguments)
