"""Ours, replayed beside what the peers did; see the package's docstring."""

import functools
import json
import os

import numpy as np
import pytest

from sgdcore import Objective, losses, optimizers
from tests.environment import ROOT
from tests.parity import cases, record
from tests.parity.replays import distance, on_gradients, on_network

LIVE = bool(os.environ.get("PARITY_LIVE"))
LIBRARIES = ("torch", "optax", "keras", "sklearn")
# Relative to the largest number of the trace; rounding alone leaves about 1e-14.
TOLERANCE = 1e-10


@functools.cache
def inputs():
    return record.stored("inputs")


@functools.cache
def traces(library):
    return record.recorded(library, inputs()) if LIVE else record.stored(library)


def trace_of(name):
    library, method = name.split("/")
    return traces(library)[method]


def assert_parity(ours, name):
    assert distance(ours, trace_of(name)) < TOLERANCE


def replay(optimizer, rates=None):
    return on_gradients(optimizer, inputs(), rates)


@pytest.mark.parametrize("name", cases.OPTIMIZERS)
def test_optimizer(name):
    assert_parity(replay(cases.OPTIMIZERS[name].ours), name)


@pytest.mark.parametrize("name", cases.AVERAGES)
def test_average(name):
    observer = cases.AVERAGES[name].ours
    state, trace = observer.init(inputs()["start"]), []
    for theta in inputs()["gradients"]:
        state = observer.update(state, theta)
        trace.append(observer.read(state))
    assert_parity(trace, name)


@pytest.mark.parametrize("name", cases.SCHEDULES)
def test_schedule(name):
    schedule = cases.SCHEDULES[name].ours
    assert_parity([schedule(t) for t in range(cases.STEPS)], name)
    assert_parity(schedule(np.arange(cases.STEPS)), name)


@pytest.mark.parametrize("name", cases.PLATEAUS)
def test_plateau(name):
    rule = cases.PLATEAUS[name].ours
    state, trace = rule.init(()), []
    for t, metric in enumerate(inputs()["metrics"]):
        state = rule.record(state, metric)
        rate, state, _ = rule.rate(state, t, np.zeros(1), np.zeros(1), None)
        trace.append(rate[0])
    assert_parity(trace, name)
    assert len(set(trace)) > 2  # it has dropped more than once


@pytest.mark.parametrize("name", cases.POLYAK)
def test_polyak(name):
    rule, data = cases.POLYAK[name].ours, inputs()
    rates = [
        rule.rate((), t, data["start"], grad, lambda theta, metric=metric: metric)[0]
        for t, (grad, metric) in enumerate(zip(data["gradients"], data["metrics"], strict=True))
    ]
    assert_parity(replay(optimizers.sgd(), rates), name)


@pytest.mark.parametrize("name", cases.LOSSES)
def test_loss(name):
    case = cases.LOSSES[name]
    arguments = record.loss_inputs(case, inputs())
    both = record.flatten([case.ours.value(*arguments), case.ours.grad(*arguments)])
    assert_parity(case.factor * both, name)


@pytest.mark.parametrize("name", cases.NETWORKS)
def test_network(name):
    case, data = cases.NETWORKS[name], inputs()
    objective = Objective(case.ours, losses.softmax_cross_entropy())
    optimizer = case.optimizer
    theta = trace_of(name)[0]
    state, trace = optimizer.init(theta), [theta]
    for t, rate in enumerate(data["rates"]):
        batch = t % len(data["images"])
        grad = objective.grad(theta, data["images"][batch], data["classes"][batch])
        theta, state = optimizer.update(grad, state, theta, rate)
        if (t + 1) % record.NETWORK_EVERY == 0:
            trace.append(theta)
    assert_parity(trace, name)


@pytest.mark.parametrize("name", cases.LINEAR)
def test_linear_model_of_scikit_learn(name):
    case, data = cases.LINEAR[name], inputs()
    theta, trace = np.zeros(4), []
    seen = case.average and case.average.init(theta)
    for t, (x, y) in enumerate(zip(data["X"], data[case.target], strict=True)):
        grad = case.ours.grad(theta, x[None], y[None])
        theta, _ = optimizers.sgd().update(grad, (), theta, case.schedule(t))
        if case.average:
            seen = case.average.update(seen, theta)
        trace.append(case.average.read(seen) if case.average else theta)
    assert_parity(trace, name)


@pytest.mark.parametrize("name", cases.MLPS)
def test_network_of_scikit_learn(name):
    case, start = cases.MLPS[name], trace_of(name)[0]
    assert_parity(on_network(case, case.optimizer, inputs(), start), name)


def from_scratch(path):
    """What the from-scratch cell of a chapter defines."""
    notebook = json.loads((ROOT / "chapters" / path).read_text(encoding="utf-8"))
    (cell,) = [cell for cell in notebook["cells"] if cell["id"] == "from-scratch"]
    defined = {}
    exec("".join(cell["source"]), defined)
    return defined


@pytest.mark.parametrize("name", cases.CLUSTERS)
def test_clusters_of_scikit_learn(name):
    case, X = cases.CLUSTERS[name], inputs()["X"]
    give = from_scratch("18-clustering.ipynb")["give"]
    centres, counts, trace = X[:3], np.zeros(3), []
    for t in range(cases.CLUSTER_STEPS):
        batch = X if case.anew else X[case.batch * t :][: case.batch]
        centres, counts = give(centres, np.zeros(3) if case.anew else counts, batch)
        trace.append(centres)
    assert_parity(trace, name)
    assert distance(trace[-1], trace[0]) > 0.01  # it has moved


@pytest.mark.parametrize("name", cases.PLAYERS)
def test_players_of_optax(name):
    optimistic = from_scratch("20-generative-adversarial-networks.ipynb")["optimistic"]
    data, trace = inputs(), []
    theta, before = data["start"], data["gradients"][0]
    for slope, rate in zip(data["gradients"], data["rates"], strict=True):
        theta, before = optimistic(lambda _, slope=slope: slope, theta, rate, before)
        trace.append(theta)
    assert_parity(trace, name)
    assert distance(replay(optimizers.sgd()), trace_of(name)) > 0.01  # memory matters


# The differences that conventions.py bridges are there: without the bridge the same method is
# somewhere else within five steps, on a network within 25.
@pytest.mark.parametrize("name", cases.NAIVE)
def test_the_convention_differs(name):
    naive, trace = cases.NAIVE[name].ours, trace_of(name)
    if name in cases.MLPS:
        ours = on_network(cases.MLPS[name], naive, inputs(), trace[0])
        ours, trace = ours[1:], trace[1:]  # both begin at the same start
    else:
        ours = replay(naive)
    assert distance(ours[:5], trace[:5]) > 1e-8


def bridged(optimizer):
    """Whether a function of conventions.py made an optimiser."""
    made = {optimizer.init.__module__, optimizer.update.__module__}
    return "tests.parity.conventions" in made


def test_every_bridge_is_told():
    methods = {name: case.ours for name, case in cases.OPTIMIZERS.items()}
    methods |= {name: case.optimizer for name, case in cases.MLPS.items()}
    assert {name for name, ours in methods.items() if bridged(ours)} <= cases.NAIVE.keys()


def test_a_rate_inside_is_another_momentum_at_every_step():
    data, trace = inputs(), []
    theta, buffer, before = data["start"], 0.0, 1.0
    for grad, rate in zip(data["gradients"], data["rates"], strict=True):
        buffer = 0.9 * before / rate * buffer + grad  # PyTorch's, whose momentum may be above 1
        theta = theta - rate * buffer
        trace.append(theta)
        before = rate
    assert_parity(trace, "keras/momentum")


def test_a_rate_inside_the_buffer_is_the_same_while_it_is_constant():
    constant = np.full(cases.STEPS, 0.05)
    for name in ("keras/momentum", "keras/nesterov"):
        inside, outside = cases.OPTIMIZERS[name].ours, cases.NAIVE[name].ours
        np.testing.assert_allclose(replay(inside, constant), replay(outside, constant), rtol=1e-12)


def test_one_cycle_of_torch_is_one_step_shorter_each_way():
    ours = cases.schedules.one_cycle(cases.BASE, cases.STEPS, end=cases.BASE / 25 / 1e4)
    theirs = trace_of("torch/one-cycle")
    assert distance(ours(np.arange(cases.STEPS)), theirs) > 1e-3
    assert ours(15) == theirs[14] == cases.BASE


def test_every_trace_is_replayed():
    tables = (
        cases.OPTIMIZERS, cases.AVERAGES, cases.SCHEDULES, cases.PLATEAUS, cases.POLYAK,
        cases.LOSSES, cases.NETWORKS, cases.LINEAR, cases.MLPS, cases.CLUSTERS, cases.PLAYERS,
    )  # fmt: skip
    replayed = sorted(name for table in tables for name in table)
    kept = sorted(f"{library}/{name}" for library in LIBRARIES for name in record.stored(library))
    assert replayed == kept


@pytest.mark.skipif(not LIVE, reason="needs the peers: PARITY_LIVE=1")
@pytest.mark.parametrize("library", LIBRARIES)
def test_the_stored_traces_are_what_the_peers_do(library):
    stored = record.stored(library)
    assert stored.keys() == traces(library).keys()
    for name, trace in traces(library).items():
        assert distance(stored[name], trace) < TOLERANCE, name
