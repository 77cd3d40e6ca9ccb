"""What a machine says of a project's runs: nothing where they are fair, the rule where not."""

import csv
import math
import sys

import pytest

from classroom import audit

RATES = (0.1, 0.3, 1.0)


def fair():
    """A comparison by the rules, in which the method is better by 0.5 in every seed but one."""
    runs = []
    for method, gain in (("sgd", 0.0), ("momentum", 0.5)):
        for rate in RATES:
            for seed in range(100, 104):
                score = 1 + abs(rate - 0.3) - gain
                runs.append(run(method, "tune", rate, seed, score))
        for seed in range(16):
            score = 1 + seed / 100 - (gain if seed else -gain)
            runs.append(run(method, "report", 0.3, seed, score))
    return runs


def run(method, phase, rate, seed, score):
    return dict(zip(audit.COLUMNS, (method, phase, rate, seed, 3200, score), strict=True))


def spoilt(change, where=lambda run: True):
    """The fair comparison, with some of its runs changed or, where there is no change, dropped."""
    changed = []
    for one in fair():
        if where(one):
            if change is None:
                continue
            one = {**one, **change(one)}
        changed.append(one)
    return changed


def diverged():
    """One run of each kind has left the numbers; the comparison is fair all the same."""
    return spoilt(
        lambda one: {"score": math.inf},
        lambda one: (is_report(one) and one["seed"] == 3) or (is_tune(one) and one["rate"] == 1),
    )


def is_report(one, method="momentum"):
    return one["phase"] == "report" and one["method"] == method


def is_tune(one, method="momentum"):
    return one["phase"] == "tune" and one["method"] == method


def test_a_fair_comparison_has_no_complaint():
    assert audit.complaints(fair()) == []


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        (lambda one: {"method": "plain"}, lambda one: one["method"] == "sgd", "the baseline sgd"),
        (lambda one: {"evaluations": 6400}, is_report, "between 3200 and 6400"),
        (lambda one: {"evaluations": 6400}, is_tune, "momentum 76800, sgd 38400"),
        (None, lambda one: is_tune(one, "sgd") and one["seed"] > 101, "sgd 19200"),
        (lambda one: {"seed": one["seed"] - 97}, lambda one: one["phase"] == "tune", "3, 4, 5, 6"),
        (None, lambda one: one["phase"] == "report" and one["seed"] == 0, "fewer than 16"),
        (lambda one: {"seed": one["seed"] + 1}, is_report, "different seeds"),
        (lambda one: {"rate": 1.0}, is_report, "the rate 1, and tuning did not"),
        (lambda one: {"score": one["rate"]}, is_tune, "the rate 0.3, and tuning did not"),
        (
            lambda one: {"rate": 0.1 if one["rate"] == 0.3 else 0.3} if one["rate"] < 1 else {},
            lambda one: one["method"] == "momentum",
            "0.1, lies at the edge",
        ),
    ],
)
def test_a_rule_that_is_broken_is_named(change, where, said):
    found = audit.complaints(spoilt(change, where))
    assert found and any(said in sentence for sentence in found), found


def test_the_outcome_is_that_of_the_seeds():
    found = audit.outcome(fair(), "momentum")
    assert found["wins"] == 15 / 16
    assert found["difference"] == pytest.approx((15 * 0.5 - 0.5) / 16)
    assert found["low"] < found["difference"] < found["high"]
    spread = (16 * (0.25 - found["difference"] ** 2) / 15) ** 0.5
    assert found["high"] - found["low"] == pytest.approx(2 * 2.1314 * spread / 4, rel=1e-4)


def test_a_run_that_is_there_twice_is_named():
    again = run("momentum", "report", 0.3, 3, -100)
    assert audit.complaints([*fair(), again]) == [
        "2 runs of momentum, report, rate 0.3, seed 3: expected one."
    ]


def written(path, runs, columns=audit.COLUMNS):
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, extrasaction="ignore")
        table.writeheader()
        table.writerows(runs)
    return path


def test_the_command_says_what_it_found(tmp_path, capsys, monkeypatch):
    for runs, code, said in (
        (fair(), 0, "momentum is better than sgd in 94% of seeds, by 0.438 in the mean"),
        (diverged(), 0, "momentum is better than sgd in 88% of seeds; runs diverged, so"),
        (spoilt(lambda one: {"rate": 1.0}, is_report), 1, "tuning did not choose"),
    ):
        path = written(tmp_path / "runs.csv", runs)
        monkeypatch.setattr(sys, "argv", ["audit", str(path)])
        with pytest.raises(SystemExit) as ended:
            audit.main()
        assert ended.value.code == code
        assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "columns", "said"),
    [
        ({}, audit.COLUMNS[:-1], "line 2: no score"),
        ({"phase": "test"}, audit.COLUMNS, "line 2: phase must be tune or report, got 'test'"),
        ({"seed": "one"}, audit.COLUMNS, "line 2: .*'one'"),
        ({"score": "nan"}, audit.COLUMNS, "line 2: score nan; that of a run that diverged is inf"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path, change, columns, said):
    path = written(tmp_path / "runs.csv", spoilt(lambda one: change), columns)
    with pytest.raises(ValueError, match=said):
        audit.read(path)


def test_a_file_without_runs_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has no runs; expected the columns method, phase"):
        audit.read(written(tmp_path / "runs.csv", []))
