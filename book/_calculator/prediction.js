/* The equilibrium of one optimizer at given hyper-parameters; mirrors theory.catalogue and theory.prediction. */
(function (SMD) {
  "use strict";

  const { OutOfDomain, NoEquilibrium } = SMD;
  const { g, percent, isClose, roots, eigenvalues, seriesSum, bisect } = SMD.numerics;
  const { data, rules, lag } = SMD.derived;
  const { EXPANSION_HOLDS, LEAST_DECAY, LARGEST_DECAY, FAST } = data.constants.prediction;

  /* --- names --------------------------------------------------------------------------------------------------- */

  /* The rule behind a name and a decay, as { rule, decay }; the decay may be left out where the name fixes it. */
  function choose(name, decay = null) {
    if (decay !== null && !data.decays.includes(decay)) {
      throw new OutOfDomain(`decay = ${decay} is unknown; known are ${data.decays.join(", ")}`);
    }
    const forms = data.forms[name];
    if (forms) {
      if (decay === null) {
        if (data.both.includes(name)) {
          throw new OutOfDomain(`optimizer = ${name} needs a decay: ${Object.keys(forms).join(" or ")}`);
        }
        const [form] = Object.keys(forms);
        return { rule: forms[form], decay: form };
      }
      const behind = ["coupled", "decoupled"].includes(decay) ? decay : "decoupled";
      if (!(behind in forms)) {
        const known = Object.keys(forms).join(" or ");
        throw new OutOfDomain(`decay = ${decay} does not apply to ${name}, whose decay is ${known}`);
      }
      return { rule: forms[behind], decay };
    }
    for (const [base, known] of Object.entries(data.forms)) {
      for (const [form, rule] of Object.entries(known)) {
        if (rule !== name) continue;
        if (decay !== null && decay !== form) {
          throw new OutOfDomain(`decay = ${decay} conflicts with ${name}, which is ${base} with ${form} decay`);
        }
        return { rule, decay: form };
      }
    }
    if (Object.values(data.refined).includes(name) && (decay === null || decay === "decoupled")) {
      return { rule: name, decay: "decoupled" };
    }
    throw new OutOfDomain(`optimizer = ${name} is unknown`);
  }

  function refined(rule, given) {
    return rule in data.refined && data.refining.some((name) => name in given) ? data.refined[rule] : rule;
  }

  /* What lr has to be multiplied by to give the decay per step that was meant. */
  function coefficient(decay, lr, wd, lrMax) {
    if (decay === "independent") return wd / lr;
    if (decay === "corrected") {
      if (lrMax === undefined || lrMax === null) {
        throw new OutOfDomain("lr_max is missing: corrected decay needs it; its range is (0, inf)");
      }
      if (!(lrMax > 0 && Number.isFinite(lrMax))) {
        throw new OutOfDomain(`lr_max = ${g(lrMax)} is outside its range (0, inf)`);
      }
      if (lr > lrMax) {
        throw new OutOfDomain(
          `lr = ${g(lr)} is above lr_max = ${g(lrMax)}, the largest learning rate of the schedule`);
      }
      return wd * lr / lrMax;
    }
    return wd;
  }

  /* --- ranges -------------------------------------------------------------------------------------------------- */

  function range(p) {
    const high = p.high === Infinity ? "inf" : g(p.high);
    return `${p.low_included ? "[" : "("}${g(p.low)}, ${high})${p.whole ? ", whole" : ""}`;
  }

  function check(p, value) {
    if (typeof value !== "number") throw new OutOfDomain(`${p.name} = ${value} is not a number`);
    const above = p.low_included ? value >= p.low : value > p.low;
    if (!(Number.isFinite(value) && above && value < p.high && (!p.whole || Number.isInteger(value)))) {
      throw new OutOfDomain(`${p.name} = ${g(value)} is outside its range ${range(p)}`);
    }
    return value;
  }

  /* The hyper-parameters with defaults filled in and every range checked. */
  function complete(name, parameters, given) {
    const own = parameters.map((p) => p.name);
    for (const key of Object.keys(given)) {
      if (!own.includes(key)) {
        throw new OutOfDomain(`${key} = ${g(given[key])} does not apply to ${name}, which takes ${own.join(", ")}`);
      }
    }
    const chosen = {};
    for (const p of parameters) {
      const value = given[p.name] ?? p.default;
      if (value === null && !p.optional) throw new OutOfDomain(`${p.name} is missing; its range is ${range(p)}`);
      chosen[p.name] = value === null ? null : check(p, value);
    }
    return chosen;
  }

  /* --- numbers ------------------------------------------------------------------------------------------------- */

  /* L = E|unit g|^2 of its root mean square. */
  function energyOf(gradNorm) {
    const energy = gradNorm * gradNorm;
    if (!(energy > 0 && energy < Infinity)) {
      throw new OutOfDomain(`grad_norm = ${g(gradNorm)} has a square outside double precision`);
    }
    return energy;
  }

  /* Numbers for the theory's symbols, series included; throws NoEquilibrium outside existence. */
  function symbolValues(rule, chosen) {
    const values = {};
    for (const p of rule.DESCRIPTION.parameters) {
      const value = chosen[p.name] ?? p.absent;
      if (value !== null) values[data.symbols[p.name] || p.name] = value;
    }
    const decay = values.p = chosen.lr * chosen.wd;
    if ("grad_norm" in chosen) values.L = energyOf(chosen.grad_norm);
    if (decay === 0 || !Object.values(values).every(Number.isFinite)) {
      throw new NoEquilibrium(`lr*wd = ${g(decay, 12)} is not resolved in double precision`);
    }
    const definitions = rule.definitions(values);
    rule.DEFINED.forEach((name, i) => { [values[name]] = definitions[i]; });
    const limit = existenceLimit(rule, values);
    if (rule.gain) {
      values.p = decayBehindGain(rule, values, limit);
    } else if (!(decay < limit)) {
      throw new NoEquilibrium(`lr*wd = ${g(decay, 12)} is outside (0, ${g(limit)}): the weights grow without bound, ` +
        "so no equilibrium exists");
    }
    for (const symbol of rule.SERIES) {
      values[symbol] = seriesSum(rule, symbol, values, data.constants.summation.TOLERANCE);
    }
    return values;
  }

  function positiveRoots(rows) {
    const found = rows.flatMap(roots).filter(([re, im]) => im === 0 && re > 0 && re < Infinity).map(([re]) => re);
    return found.sort((a, b) => a - b);
  }

  /* The smallest p > 0 at which E|w|^2 diverges. */
  function existenceLimit(rule, values) {
    const found = positiveRoots(rule.divergences(values));
    return found.length ? found[0] : Infinity;
  }

  function learningRateAt(rule, values, decay) {
    const at = Object.assign({}, values, { p: decay });
    const squared = rule.norm(at) ** 2, unit = rule.unit_gram(at);
    const moments = { A: squared };
    for (let i = 0; i < unit.length; i++) {
      for (let j = i; j < unit.length; j++) moments[`G_${i}${j}`] = squared * unit[i][j] / unit[0][0];
    }
    return decay / (values.lambda_ * rule.gain(Object.assign(at, moments)));
  }

  /* The smallest decay per step p with p = y eta lambda, y being the gain at the equilibrium that p has. */
  function decayBehindGain(rule, values, limit) {
    const top = Math.min(limit, LARGEST_DECAY), grid = [], wanted = values.eta;
    const spaced = (low, high, k, n) => low * Math.pow(high / low, k / n);
    for (let k = 0; k < 240; k++) grid.push(spaced(LEAST_DECAY, top / 2, k, 240));
    for (let k = 0; k < 40; k++) grid.push(top * (1 - spaced(0.5, 1e-9, k, 39)));
    const above = grid.findIndex((p) => learningRateAt(rule, values, p) >= wanted);
    if (above < 0) {
      const rates = grid.map((p) => learningRateAt(rule, values, p));
      const most = rates.filter((rate) => !Number.isNaN(rate)).reduce((a, b) => Math.max(a, b), -Infinity);
      throw new NoEquilibrium(`lr = ${g(wanted)} is outside (0, ${g(most)}), where the gain lets an equilibrium exist`);
    }
    if (above === 0) {
      throw new NoEquilibrium(
        `lr = ${g(wanted)} gives a decay per step below ${g(LEAST_DECAY)}, which is not resolved`);
    }
    return bisect((p) => learningRateAt(rule, values, p) - wanted, grid[above - 1], grid[above]);
  }

  /* 1 - |z|^2 for z = 1 - y, without cancellation; y = [re, im]. */
  function contractionMargin([re, im]) {
    return 2 * re - Math.hypot(re, im) ** 2;
  }

  function slowest(deviations) {
    return deviations.reduce((a, b) => (contractionMargin(b) < contractionMargin(a) ? b : a));
  }

  function oneMinus(matrix) {
    return matrix.map((row, i) => row.map((entry, j) => Number(i === j) - entry));
  }

  /* y = 1 - z for the multiplier of largest modulus at the fixed point. */
  function slowestDeviation(rule, values) {
    const found = rule.deviation_polynomials(values).flatMap(roots);
    return slowest(found.length ? found : eigenvalues(oneMinus(rule.jacobian(values))));
  }

  function signedMultiplier([re, im]) {
    return im ? Math.hypot(1 - re, im) : 1 - re;
  }

  /* Steps in which the deviation halves; 0 where z = 0. */
  function halfLife(deviation) {
    const size = Math.hypot(1 - deviation[0], deviation[1]);
    if (size < FAST) return size ? Math.log(0.5) / Math.log(size) : 0;
    return 2 * Math.log(0.5) / Math.log1p(-contractionMargin(deviation));
  }

  function requireAttracting(rule, values, slow) {
    const limit = existenceLimit(rule, values);
    const flips = positiveRoots(rule.flips(values)).filter((p) => p < limit);
    if (contractionMargin(slow) > 0 && !flips.some((p) => isClose(values.p, p, 1e-12))) return;
    const except = [...new Set(flips)].map((p) => ` except ${g(p)}`).join("");
    throw new NoEquilibrium(
      (rule.gain
        ? `lr = ${g(values.eta)} makes the decay per step ${g(values.p)}: `
        : `lr*wd = ${g(values.p, 12)} is outside (0, ${g(limit)})${except}: `) +
      `the multiplier of the squared norm's deviation is ${g(signedMultiplier(slow))}, so the norm alternates between ` +
      "two values and no equilibrium attracts");
  }

  /* --- what a reader should know ------------------------------------------------------------------------------- */

  function warnings(rule, values, slow) {
    const found = [];
    if (slow[1]) {
      found.push("the slowest multipliers are a complex pair: the norm oscillates; convergence_rate is their modulus");
    }
    if (rule.gain) {
      found.push(`the decay per step is ${g(values.p)} rather than lr*wd: the step size has a gain of its own`);
    }
    if (Object.values(data.refined).includes(rule.DESCRIPTION.name)) found.push(...aboutSecondMoment(rule, values));
    const neglected = Math.abs(rule.angle_neglected(values));
    if (neglected > 0.1) found.push(`leading_order neglects about ${percent(neglected)} of the angle here`);
    return found;
  }

  function aboutLag(rule, values) {
    const constant = "convergence_rate is for gradients of constant size; where they follow 1/|w|, v lags behind |w| and ";
    const behind = Object.keys(data.refined).find((base) => data.refined[base] === rule.DESCRIPTION.name);
    if (!data.lagging.includes(behind)) return `${constant}the deviation can decay far slower`;
    const at = Object.assign({}, values, { eta: 1, lambda_: values.p });
    const slow = slowest(lagDeviations(rules[behind].unit_gram(at), values.p, values.beta_1, values.beta_2));
    const rate = Math.hypot(1 - slow[0], slow[1]);
    return `${constant}it is ${g(rate, 8)} (half-life ${g(halfLife(slow))} steps)`;
  }

  /* 1 - z for the multipliers of the moments v, X, Y, Z at their fixed point; see theory.lagging. */
  function lagDeviations(unit, decay, beta1, beta2) {
    const at = { eta: 1, a: 1 - decay, beta_1: beta1, beta_2: beta2, L: 1, d: 1 };
    const fixed = lag.settled(Object.assign({ G_00: unit[0][0], G_01: unit[0][1], G_11: unit[1][1] }, at));
    const jacobian = lag.jacobian(Object.assign({ v: fixed[0], x: fixed[1], y: fixed[2], z: fixed[3] }, at));
    const size = fixed.map(Math.abs);
    return eigenvalues(oneMinus(jacobian.map((row, i) => row.map((entry, j) => entry * size[j] / size[i]))));
  }

  function aboutSecondMoment(rule, values) {
    const excess = (values.K - 1) * (1 - values.beta_2), found = [aboutLag(rule, values)];
    if (excess > EXPANSION_HOLDS) {
      found.push(`(kurtosis - 1)(1 - beta2) = ${g(excess, 3)} is not small: the expansion in 1 - beta2 fails here, ` +
        "norm and angle are a guess");
    } else {
      found.push("beta2 enters to first order; the next is about " +
        `${g(rule.neglected(values), 1)} of the squared norm`);
    }
    return found;
  }

  /* --- the prediction ------------------------------------------------------------------------------------------ */

  /* The equilibrium of a name of the catalogue: an object with the fields of theory.Prediction. */
  function predict(name, given, { decay = null, lrMax = null } = {}) {
    const choice = choose(name, decay), own = Object.assign({}, given), notes = [];
    for (const key of Object.keys(own)) if (own[key] === null || own[key] === undefined) delete own[key];
    const optimizer = refined(choice.rule, own), rule = rules[optimizer], { parameters } = rule.DESCRIPTION;
    for (const noise of Object.keys(data.noise)) {
      if (noise in own && !parameters.some((p) => p.name === noise)) {
        check(noiseParameter(noise), own[noise]);
        delete own[noise];
        notes.push(`${noise} does not enter: ${data.noise[noise]} leaves the equilibrium of ${name} unchanged`);
      }
    }
    const chosen = complete(optimizer, parameters, own), meant = chosen.wd;
    if (lrMax !== null && choice.decay !== "corrected") {
      throw new OutOfDomain(`lr_max = ${g(lrMax)} does not apply to ${choice.decay} decay`);
    }
    chosen.wd = coefficient(choice.decay, chosen.lr, meant, lrMax);
    const about = chosen.wd === meant ? [] : [`wd = ${g(meant)} as ${choice.decay} decay is wd = ${g(chosen.wd)} in ` +
      "lr*wd, which stands among the hyper-parameters"];
    const values = symbolValues(rule, chosen), slow = slowestDeviation(rule, values);
    requireAttracting(rule, values, slow);
    const norm = rule.norm(values), angle = rule.angle(values);
    if (!Number.isFinite(norm) || !Number.isFinite(angle)) {
      throw new OutOfDomain(`norm or angle of ${optimizer} is no number here: what is given is too extreme`);
    }
    return {
      optimizer,
      decay: choice.decay,
      hyperparameters: chosen,
      equilibrium_norm: norm,
      angular_update: angle,
      cos_angular_update: 1 - rule.one_minus_cosine(values),
      chord: rule.chord(values),
      sine: rule.sine(values),
      convergence_rate: signedMultiplier(slow),
      half_life: halfLife(slow),
      leading_order: { equilibrium_norm: rule.norm_leading(values), angular_update: rule.angle_leading(values) },
      warnings: [...about, ...warnings(rule, values, slow), ...notes],
      decay_per_step: values.p,
      limit: existenceLimit(rule, values),
    };
  }

  function noiseParameter(name) {
    for (const rule of Object.values(rules)) {
      const found = rule.DESCRIPTION.parameters.find((p) => p.name === name);
      if (found) return found;
    }
    throw new OutOfDomain(`${name} is unknown`);
  }

  /* The hyper-parameters that a name takes, those of finite beta2 among them where it has a rule that knows them. */
  function parametersOf(name, decay = null) {
    if (name === "muon") return data.muon.parameters;
    const { rule } = choose(name, decay);
    return rules[data.refined[rule] || rule].DESCRIPTION.parameters;
  }

  Object.assign(SMD, { choose, check, complete, range, parametersOf, energyOf, symbolValues, predict });
  Object.assign(SMD, { signedMultiplier, halfLife, slowest });
})((window.SMD = window.SMD || {}));
