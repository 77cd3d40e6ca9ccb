// Explorer: the learning rate against the curvature, for gradient descent and for SGD.
"use strict";

explorer.define("curvature", (panel) => {
  const { digits, style } = explorer;
  const STEPS = 200;
  const RUNS = 32;
  const { valley, runs } = panel.plots;
  const RATES = sgd.geomspace(1e-3, 4, 91);
  const SHARES = [1e-8, 1e4];

  // The random numbers of all runs, `size` a step.
  const drawn = explorer.remember((size, seed) =>
    sgd.range(RUNS).map((k) => sgd.normals(seed + k, STEPS * size, new Float32Array(STEPS * size))));

  // Excess risk of the runs, one curve each, on fresh samples.
  function simulate(eigenvalues, { noise, batch, rate, seed }, start) {
    const regression = sgd.gaussianRegression(eigenvalues, noise, batch);
    const size = batch * (eigenvalues.length + 1);
    const [optimizer, schedule] = [sgd.optimizers.sgd(), sgd.schedules.constant(rate)];
    return drawn(size, seed).map((draws) => {
      let t = 0;
      const fresh = {
        gradient: (theta) => regression.gradient(theta, draws.subarray(t * size, ++t * size)),
      };
      return sgd
        .train(fresh, optimizer, schedule, start, STEPS)
        .map((theta) => regression.value(theta) - 0.5 * noise ** 2);
    });
  }

  // The exact mean excess risk at every step.
  function expected(eigenvalues, { noise, batch }, rate, start) {
    let m = start.map((e) => e ** 2);
    const excess = () => 0.5 * sgd.sum(eigenvalues.map((lambda, i) => lambda * m[i]));
    const curve = [excess()];
    for (let t = 0; t < STEPS; t++) {
      m = sgd.nextMoments(m, eigenvalues, noise, batch, rate);
      curve.push(excess());
    }
    return curve;
  }

  const ends = explorer.remember((eigenvalues, settings, start) =>
    RATES.map((lr) => expected(eigenvalues, settings, lr, start).at(-1)));

  const descended = (eigenvalues, rate, start) =>
    0.5 * sgd.sum(eigenvalues.map((l, i) => l * ((1 - rate * l) ** STEPS * start[i]) ** 2));

  panel.draw = (settings) => {
    const { inputs: d, spread, batch, noise, rate } = settings;
    const eigenvalues = d > 1 ? sgd.geomspace(1 / spread, 1, d) : [1];
    const start = eigenvalues.map(() => 1 / Math.sqrt(d));
    const before = 0.5 * sgd.sum(eigenvalues.map((l, i) => l * start[i] ** 2));
    const limit = sgd.meanSquareLimit(eigenvalues, batch);

    valley.frame({
      x: [1e-3, 4], y: SHARES, logX: true, logY: true,
      xLabel: "learning rate η", yLabel: `share of the mean excess after ${STEPS} steps`,
    });
    const left = (curve) => curve.map((value) => value / before);
    valley.line(RATES, left(RATES.map((lr) => descended(eigenvalues, lr, start))), style(1));
    valley.line(RATES, left(ends(eigenvalues, { noise, batch }, start)), style(0, { width: 2.4 }));
    const here = expected(eigenvalues, settings, rate, start);
    // Before the names of the limits, which clear their places.
    valley.line([rate, rate], SHARES, { width: 1 });
    valley.upright(2, "GD: 2/L", { colour: "#A34700", left: true });
    valley.upright(limit, `SGD: ${digits(limit)}`, { colour: "#005B8E", left: true, row: 1 });
    valley.dots([rate], [Math.max(SHARES[0], Math.min(SHARES[1], here.at(-1) / before))], { size: 5 });

    const { low, middle, high } = explorer.bandOf(simulate(eigenvalues, settings, start));
    const steps = sgd.range(STEPS + 1);
    runs.frame({
      x: [0, STEPS], y: [1e-8, 1e4], logY: true, xLabel: "step t", yLabel: "excess risk at this rate",
    });
    runs.band(steps, low, high, style(0));
    runs.line(steps, middle, style(0, { label: `${RUNS} runs, median` }));
    runs.line(steps, here, style(3, { dash: [6, 2], label: "mean of all runs, exact" }));

    const side = rate >= limit ? "beyond" : "below";
    const words = [
      `${d} inputs, batch ${batch}: SGD's mean has the limit ${digits(limit)}, gradient descent 2.`,
      `The rate ${digits(rate)} is ${side} it:`,
      `after ${STEPS} steps the exact mean is ${digits(here.at(-1) / before)} times the start,`,
      `the median of ${RUNS} runs ${digits(middle.at(-1) / before)} times.`,
    ];
    return words.join(" ");
  };
});
