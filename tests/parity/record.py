"""Run the peers on the table of ``cases.py`` and write what they do into ``traces/``.

``python -m tests.parity.record [library ...]`` in an environment with ``requirements.txt``. A trace
is what the peer holds after every step: parameters, averages, rates, or the value and gradient of a
loss.
"""

import os
import sys
from pathlib import Path

import numpy as np

from tests.parity import cases

TRACES = Path(__file__).parent / "traces"
# Of networks with many parameters every fifth or tenth step is kept.
MLP_EVERY, NETWORK_EVERY = 5, 10


def stored(library):
    """The traces of a library, or the ``inputs``, as they were recorded."""
    with np.load(TRACES / f"{library}.npz") as file:
        return dict(file)


def recorded(library, inputs):
    """The traces of a library, recorded now: a dict from a case's name to an array."""
    return {"torch": _torch, "optax": _optax, "keras": _keras, "sklearn": _sklearn}[library](inputs)


def of_library(table, library):
    """The rows of a table that belong to a library, by the rest of their names."""
    rows = ((name.split("/"), case) for name, case in table.items())
    return {method: case for (peer, method), case in rows if peer == library}


def parts(flat, blocks):
    """The arrays of the blocks."""
    return [flat[block.where].reshape(block.shape) for block in blocks]


def flatten(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


def _averages(library, module, inputs):
    for name, case in of_library(cases.AVERAGES, library).items():
        add, read = case.peer(module, inputs["start"])
        trace = []
        for theta in inputs["gradients"]:
            add(theta)
            trace.append(np.array(read()))
        yield name, np.stack(trace)


def _torch(inputs):
    import torch

    traces = dict(_averages("torch", torch, inputs))
    for name, case in of_library(cases.OPTIMIZERS, "torch").items():
        params = [torch.tensor(part) for part in parts(inputs["start"], case.blocks)]
        optimizer = case.peer(torch, params)
        trace = []
        for grad, rate in zip(inputs["gradients"], inputs["rates"], strict=True):
            for param, part in zip(params, parts(grad, case.blocks), strict=True):
                param.grad = torch.tensor(part)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            trace.append(flatten(params))
        traces[name] = np.stack(trace)
    for name, case in of_library(cases.SCHEDULES, "torch").items():
        traces[name] = _torch_rates(torch, case, [None] * cases.STEPS)
    for name, case in of_library(cases.PLATEAUS, "torch").items():
        traces[name] = _torch_rates(torch, case, inputs["metrics"])
    for name, case in of_library(cases.LOSSES, "torch").items():
        prediction, target = (torch.tensor(array) for array in loss_inputs(case, inputs))
        prediction.requires_grad_()
        value = case.peer(torch)(prediction, target)
        value.backward()
        traces[name] = flatten([value.detach(), prediction.grad])
    for name, case in of_library(cases.NETWORKS, "torch").items():
        traces[name] = _torch_network(torch, case, inputs)
    return traces


def _torch_rates(torch, case, metrics):
    """The rate of every step; a rule that looks is shown a metric before it."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=cases.BASE)
    schedule = case.peer(torch, optimizer)
    trace = []
    for metric in metrics:
        if metric is not None:
            schedule.step(metric)
        trace.append(optimizer.param_groups[0]["lr"])
        if metric is None and len(trace) < len(metrics):
            optimizer.step()
            schedule.step()
    return np.array(trace)


def _torch_network(torch, case, inputs):
    """The start and every tenth iterate; matrices of dense layers are transposed to be ours."""
    torch.manual_seed(0)
    network = case.peer(torch.nn).double().train()
    optimizer = torch.optim.SGD(network.parameters(), momentum=0.9)
    loss = torch.nn.CrossEntropyLoss()
    images, labels = torch.tensor(inputs["images"]), torch.tensor(inputs["classes"])
    trace = []
    for t, rate in enumerate(inputs["rates"]):
        if t % NETWORK_EVERY == 0:
            trace.append(_torch_theta(network))
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        loss(network(images[t % len(images)]), labels[t % len(images)]).backward()
        optimizer.step()
    return np.stack([*trace, _torch_theta(network)])


def _torch_theta(network):
    params = [param.detach().numpy() for param in network.parameters()]
    return flatten([param.T if param.ndim == 2 else param for param in params])


def _optax(inputs):
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import optax

    traces = dict(_averages("optax", optax, inputs))
    rates = jnp.asarray(inputs["rates"])
    optimizer_cases = of_library(cases.OPTIMIZERS | cases.POLYAK | cases.PLAYERS, "optax")
    for name, case in optimizer_cases.items():
        params = [jnp.asarray(part) for part in parts(inputs["start"], case.blocks)]
        optimizer = optax.with_extra_args_support(case.peer(optax, lambda t: rates[t]))
        state = optimizer.init(params)
        update = jax.jit(optimizer.update)
        trace = []
        for grad, metric in zip(inputs["gradients"], inputs["metrics"], strict=True):
            grads = [jnp.asarray(part) for part in parts(grad, case.blocks)]
            updates, state = update(grads, state, params, value=metric)
            params = optax.apply_updates(params, updates)
            trace.append(flatten(params))
        traces[name] = np.stack(trace)
    for name, case in of_library(cases.SCHEDULES, "optax").items():
        schedule = case.peer(optax)
        traces[name] = np.array([float(schedule(t)) for t in range(cases.STEPS)])
    traces.update(_jax_losses("optax", optax, inputs))
    return traces


def _jax_losses(library, module, inputs):
    import jax

    for name, case in of_library(cases.LOSSES, library).items():
        prediction, target = loss_inputs(case, inputs)
        yield name, flatten(jax.value_and_grad(case.peer(module))(prediction, target))


def _keras(inputs):
    os.environ["KERAS_BACKEND"] = "jax"
    import jax

    jax.config.update("jax_enable_x64", True)
    import keras
    from keras.src.backend.common import dtypes

    keras.config.set_floatx("float64")
    # Outside TensorFlow, Keras computes cosines, means and norms in float32 whatever floatx says.
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    traces = {}
    for name, case in of_library(cases.OPTIMIZERS, "keras").items():
        variables = [keras.Variable(part) for part in parts(inputs["start"], case.blocks)]
        optimizer = case.peer(keras)
        optimizer.build(variables)
        trace = []
        for grad, rate in zip(inputs["gradients"], inputs["rates"], strict=True):
            optimizer.learning_rate = rate
            grads = [keras.ops.convert_to_tensor(part) for part in parts(grad, case.blocks)]
            optimizer.apply(grads)
            trace.append(flatten([keras.ops.convert_to_numpy(v) for v in variables]))
        traces[name] = np.stack(trace)
    for name, case in of_library(cases.SCHEDULES, "keras").items():
        schedule = case.peer(keras)
        traces[name] = np.array([float(schedule(t)) for t in range(cases.STEPS)])
    traces.update(_jax_losses("keras", keras, inputs))
    for name, case in of_library(cases.NETWORKS, "keras").items():
        traces[name] = _keras_network(keras, case, inputs)
    return traces


def _keras_network(keras, case, inputs):
    """The start and every tenth iterate; kernels are transposed to be ours."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential(case.peer(keras))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(optimizer=keras.optimizers.SGD(), loss=loss)
    trace = []
    for t, rate in enumerate(inputs["rates"]):
        if t % NETWORK_EVERY == 0:
            trace.append(_keras_theta(network))
        batch = t % len(inputs["images"])
        images = inputs["images"][batch].reshape(-1, 2, 4, 4).transpose(0, 2, 3, 1)
        network.optimizer.learning_rate = rate
        network.train_on_batch(images, inputs["classes"][batch])
    return np.stack([*trace, _keras_theta(network)])


def _keras_theta(network):
    weights = network.get_weights()
    return flatten([w.transpose(3, 2, 0, 1) if w.ndim == 4 else w for w in weights])


def _sklearn(inputs):
    import sklearn.cluster
    import sklearn.linear_model
    import sklearn.neural_network

    traces = {}
    for name, case in cases.LINEAR.items():
        model, target = case.peer(sklearn.linear_model), inputs[case.target]
        classes = {"classes": [-1.0, 1.0]} if case.target == "signs" else {}
        trace = []
        for x, y in zip(inputs["X"], target, strict=True):
            model.partial_fit([x], [y], **classes)
            trace.append(flatten([model.coef_, model.intercept_]))
        traces[name.split("/")[1]] = np.stack(trace)
    for name, case in cases.MLPS.items():
        traces[name.split("/")[1]] = _sklearn_network(sklearn.neural_network, case, inputs)
    for name, case in cases.CLUSTERS.items():
        traces[name.split("/")[1]] = _sklearn_clusters(sklearn.cluster, case, inputs["X"])
    return traces


def _sklearn_clusters(cluster, case, X):
    """The centres after every step; a method that is given all points begins once more for each."""
    start, trace = X[:3], []
    model = case.peer(cluster, start, None)
    for t in range(cases.CLUSTER_STEPS):
        if case.anew:
            model = case.peer(cluster, start, t + 1).fit(X)
        else:
            model.partial_fit(X[case.batch * t :][: case.batch])
        trace.append(model.cluster_centers_.copy())
    return np.stack(trace)


def _sklearn_network(network, case, inputs):
    """The start and every fifth iterate, one batch a step."""
    model, start = case.peer(network), case.peer(network)
    start.set_params(learning_rate_init=1e-300)  # its first step goes nowhere
    classes = {"classes": [0, 1, 2]} if case.target == "labels" else {}
    trace = []
    for t in range(cases.STEPS):
        rows = cases.batch_rows(t)
        samples = inputs["X"][rows], inputs[case.target][rows]
        if t == 0:
            trace.append(_sklearn_theta(start.partial_fit(*samples, **classes)))
        model.partial_fit(*samples, **classes)
        if (t + 1) % MLP_EVERY == 0:
            trace.append(_sklearn_theta(model))
    return np.stack(trace)


def _sklearn_theta(model):
    pairs = zip(model.coefs_, model.intercepts_, strict=True)
    return flatten([array for pair in pairs for array in pair])


def loss_inputs(case, inputs):
    """Predictions and targets of a loss."""
    scores = inputs["scores" if case.target == "labels" else "predictions"]
    return scores, inputs[case.target]


def main(libraries):
    inputs = cases.inputs()
    TRACES.mkdir(exist_ok=True)
    np.savez(TRACES / "inputs.npz", **inputs)
    for library in libraries:
        np.savez(TRACES / f"{library}.npz", **recorded(library, inputs))
        print(f"{library}: {(TRACES / f'{library}.npz').stat().st_size // 1024} kB")


if __name__ == "__main__":
    main(sys.argv[1:] or ("torch", "optax", "keras", "sklearn"))
