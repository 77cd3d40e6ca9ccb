// Explorer: descent on a surface, from a start that can be moved.
"use strict";

explorer.define("descent", (panel) => {
  const { digits, style } = explorer;
  const BUDGET = 1024; // sample gradients
  const RUNS = 64;
  const GOAL = 1e-6;
  const RATE = {
    quadratic: 1, rosenbrock: 0.001, beale: 0.01, himmelblau: 0.01, saddle: 0.1, rastrigin: 0.004,
  };
  const { plane, loss } = panel.plots;
  let start = panel.first.start;

  const surfaceOf = ({ surface, condition }) => sgd.surfaces[surface](condition);

  const showHandle = panel.movable(plane, "Start of the run", () => start, (point) => {
    start = point;
  });

  panel.onchange = (names) => {
    if (names.includes("start")) start = panel.extra.start;
    else if (names.includes("surface")) {
      start = surfaceOf(panel.settings).start;
      panel.set({ rate: RATE[panel.settings.surface] });
    }
  };

  // Losses above the minimum, one a step, and the points, of the run with this seed.
  function run({ rate, momentum, noise, batch, ...shape }, start, seed) {
    const surface = surfaceOf(shape);
    const steps = BUDGET / batch;
    const epsilon = noise ? sgd.additive(noise, batch, sgd.normals(seed, 2 * steps)) : null;
    const optimizer = sgd.optimizers.momentum(momentum);
    const path = sgd.train(surface, optimizer, sgd.schedules.constant(rate), start, steps, epsilon);
    const lowest = surface.value(surface.minimum);
    return { path, losses: path.map((theta) => surface.value(theta) - lowest) };
  }

  function lastQuarter(losses) {
    const part = losses.slice(-Math.floor(losses.length / 4));
    return sgd.sum(part) / part.length;
  }

  const results = explorer.remember((settings, start) => {
    const { seed, noise } = settings;
    const one = run(settings, start, seed);
    const others = sgd.range(noise ? RUNS : 1).map((k) => run(settings, start, seed + k).losses);
    return { one, band: explorer.bandOf(others), ends: others.map(lastQuarter) };
  });

  panel.draw = ({ shown, ...settings }) => {
    const { surface: name, noise, batch, rate, momentum } = settings;
    panel.disable("condition", name !== "quadratic");
    panel.disable("batch", noise === 0);
    const surface = surfaceOf(settings);
    const { one, band, ends } = results(settings, start);
    const last = Math.round(shown * (one.path.length - 1));

    plane.frame({
      x: surface.window[0], y: surface.window[1], xLabel: "θ₁", yLabel: "θ₂", equal: true,
    });
    plane.contours(surface.value, name + settings.condition);
    const path = one.path.slice(0, last + 1);
    const [xs, ys] = [path.map(([x]) => x), path.map(([, y]) => y)];
    plane.line(xs, ys, style(0, { width: 1.1, dots: last > 200 ? 1.6 : 2.4 }));
    plane.dots(xs.slice(-1), ys.slice(-1), { colour: explorer.COLOURS[1], size: 5 });
    plane.star(surface.minimum);
    showHandle();

    const { low, middle, high } = band;
    const evaluations = middle.map((_, t) => t * batch);
    const floor = name === "quadratic" && noise
      ? sgd.floorOf(surface.eigenvalues, noise, batch, rate, momentum) : 0;
    loss.frame({
      x: [0, 1.02 * BUDGET], y: noise ? [1e-4, 1e3] : [1e-9, 1e3], logY: true,
      xLabel: "sample gradients", yLabel: "f(θ) − f*",
    });
    if (noise) loss.band(evaluations, low, high, style(0));
    loss.line(evaluations, middle, style(0, { label: noise ? `${RUNS} runs, median` : "this run" }));
    if (floor) {
      loss.line([0, BUDGET], [floor, floor], style(1, { label: "theory: mean floor" }));
    }
    loss.dots([last * batch], [one.losses[last]], { colour: explorer.COLOURS[1], size: 5 });
    return tell(settings, middle, ends, floor);
  };

  function tell({ surface: name, rate, momentum, noise, batch }, middle, ends, floor) {
    const final = middle.at(-1);
    const words = [`Rate ${digits(rate)}, momentum ${digits(momentum)}, from (${
      digits(start[0], 2)}, ${digits(start[1], 2)}).`];
    if (!(final < 1e3 * Math.max(middle[0], 1))) {
      words.push("The run leaves: its loss grows without bound.");
    } else if (noise) {
      const [low, median, high] = sgd.quantiles(ends, [0.1, 0.5, 0.9]).map((end) => digits(end));
      words.push(`Over the last quarter of ${BUDGET} samples, in ${BUDGET / batch} steps, the loss is on`
        + ` average ${median} above the minimum (median of ${RUNS} runs; 10–90 %: ${low} to ${high}).`);
      if (floor) words.push(`The floor of the theory is ${digits(floor)}.`);
    } else {
      const first = middle.findIndex((value) => value < GOAL);
      words.push(first >= 0 ? `The loss is a millionth above the minimum after ${first} steps.`
        : `After ${BUDGET} steps the loss is ${digits(final)} above the minimum.`);
    }
    if (name === "quadratic") {
      words.push(`The limit of the rate is 2(1 + β)/L = ${digits(2 * (1 + momentum))}.`);
    }
    return words.join(" ");
  }
});
