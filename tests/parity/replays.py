"""Our methods on what the peers were given, and how far apart two traces are."""

import numpy as np

from sgdcore import Objective, optimizers
from tests.parity import cases, record


def distance(ours, theirs):
    """The largest difference relative to the largest number."""
    ours = np.asarray(ours)
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype == np.float64
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


def on_gradients(optimizer, data, rates=None):
    """Our iterates on the stored gradients."""
    theta, trace = data["start"], []
    state = optimizer.init(theta)
    rates = data["rates"] if rates is None else rates
    for grad, rate in zip(data["gradients"], rates, strict=True):
        theta, state = optimizer.update(grad, state, theta, rate)
        trace.append(theta)
    return np.stack(trace)


def on_network(case, optimizer, data, theta):
    """Our iterates on a network of scikit-learn, from its start."""
    weights = optimizers.block_mask(case.ours.blocks, lambda block: len(block.shape) == 2)
    objective = Objective(case.ours, case.loss, l2=0.1 / cases.BATCH, mask=weights)
    state, trace = optimizer.init(theta), [theta]
    for t in range(cases.STEPS):
        rows = cases.batch_rows(t)
        grad = objective.grad(theta, data["X"][rows], data[case.target][rows])
        theta, state = optimizer.update(grad, state, theta, case.schedule(t))
        if (t + 1) % record.MLP_EVERY == 0:
            trace.append(theta)
    return np.stack(trace)


def apart(name, optimizer, data, trace):
    """How far from a case's trace an optimiser of ours ends that is given what the peer was."""
    if name in cases.MLPS:
        return distance(on_network(cases.MLPS[name], optimizer, data, trace[0]), trace)
    return distance(on_gradients(optimizer, data), trace)
