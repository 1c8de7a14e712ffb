/* Norm and angle of every step under a schedule, the second moments iterated; mirrors theory.trajectory. */
(function (SMD) {
  "use strict";

  const { OutOfDomain, NoEquilibrium } = SMD;
  const { g, solveLinear } = SMD.numerics;
  const { data, rules, motions, lag } = SMD.derived;
  const { TAIL, MOST_MODES } = data.constants.motion;

  const isLagging = (optimizer, chosen) => data.lagging.includes(optimizer) && (chosen.beta2 ?? null) !== null;

  /* The motion of a rule (no base name) from a start norm, or from the first step's equilibrium where it is null.
     Gives { norm [T + 1], angle [T], chosen }. */
  function trajectory(optimizer, schedule, startNorm, hyperparameters) {
    if (optimizer === "muon" || Object.values(data.refined).includes(optimizer)) {
      throw new OutOfDomain(`optimizer = ${optimizer} has no trajectory here`);
    }
    if (startNorm !== null && !(startNorm >= 1e-100 && startNorm <= 1e100)) {
      throw new OutOfDomain(`start_norm = ${g(startNorm)} is outside its range [1e-100, 1e+100]`);
    }
    const chosen = completed(optimizer, schedule, hyperparameters);
    const run = isLagging(optimizer, chosen) ? lagging : linear;
    const { squares, angle } = run(optimizer, schedule, startNorm, chosen);
    const wrong = squares.findIndex((x) => !(Number.isFinite(x) && x > 0));
    const at = wrong >= 0 ? wrong : angle.findIndex((x) => !Number.isFinite(x));
    if (at >= 0) {
      const most = (values) => g(values.reduce((a, b) => Math.max(a, b)));
      throw new OutOfDomain(`schedule: at step ${at} the norm leaves double precision (lr = ${most(schedule.lr)} at ` +
        `most, lr*wd = ${most(schedule.lr.map((lr, t) => lr * schedule.wd[t]))} at most)`);
    }
    return { norm: squares.map(Math.sqrt), angle, chosen };
  }

  function completed(optimizer, schedule, hyperparameters) {
    const given = Object.assign({}, hyperparameters), own = {};
    if (data.lagging.includes(optimizer) && (given.beta2 ?? null) !== null) {
      own.beta2 = SMD.check(data.lag_beta2, given.beta2);
      delete given.beta2;
    }
    let peak = 0;
    schedule.lr.forEach((lr, t) => { if (lr > schedule.lr[peak]) peak = t; });
    const steps = { lr: schedule.lr[peak], wd: schedule.wd[peak] };
    return Object.assign(SMD.complete(optimizer, rules[optimizer].DESCRIPTION.parameters,
      Object.assign(given, steps)), steps, own);
  }

  function symbolsOf(chosen) {
    const known = {};
    for (const [name, symbol] of Object.entries(data.symbols)) {
      if (name !== "lr" && name !== "wd" && (chosen[name] ?? null) !== null) known[symbol] = chosen[name];
    }
    if ((chosen.grad_norm ?? null) !== null) known.L = SMD.energyOf(chosen.grad_norm);
    return known;
  }

  /* --- linear rules -------------------------------------------------------------------------------------------- */

  function linear(optimizer, schedule, startNorm, chosen) {
    const found = motions[optimizer], n = found.SIZE, steps = schedule.lr.length, settled = startNorm === null;
    const at = symbolsOf(chosen), memory = memoryOf(found, at, settled), { weights } = memory;
    let gram = settled
      ? settledGram(optimizer, schedule.lr[0], schedule.wd[0], chosen)
      : Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i + j ? 0 : startNorm ** 2)));
    const before = settled ? Infinity : 0;
    let past = weights.map(() => new Array(n).fill(0));
    if (settled && weights.length) {
      const { transition, drive } = stepOf(found, Object.assign({}, at, { t: before }), schedule, 0, gram);
      const { kept, entering } = memory.advance();
      past = weights.map((_, k) => solveLinear(
        transition.map((row, i) => row.map((entry, j) => Number(i === j) - kept[k] * entry)),
        drive.map((one) => entering[k] * one)));
    }
    const squares = new Float64Array(steps + 1), angle = new Float64Array(steps);
    squares[0] = gram[0][0];
    for (let t = 0; t < steps; t++) {
      at.t = before + t + 1;
      const { transition, drive } = stepOf(found, at, schedule, t, gram);
      at.A = gram[0][0];
      const energy = found.amplitude(at), cross = new Array(n).fill(0);
      past.forEach((mode, k) => { for (let i = 0; i < n; i++) cross[i] += mode[i] * weights[k]; });
      angle[t] = turned(gram, transition, drive, energy, cross);
      gram = moved(gram, transition, drive, energy, cross);
      if (weights.length) {
        const { kept, entering } = memory.advance();
        past = past.map((mode, k) => drive.map((one, i) => {
          let carried = 0;
          for (let j = 0; j < n; j++) carried += transition[i][j] * mode[j];
          return kept[k] * carried + entering[k] * one;
        }));
      }
      squares[t + 1] = gram[0][0];
    }
    return { squares, angle };
  }

  /* M and N of step t; the step size carries the rule's gain where it has one. */
  function stepOf(found, at, schedule, t, gram) {
    at.eta = schedule.lr[t];
    at.lam = schedule.wd[t];
    if (found.gain) {
      at.A = gram[0][0];
      for (let i = 0; i < gram.length; i++) for (let j = i; j < gram.length; j++) at[`G_${i}${j}`] = gram[i][j];
      at.eta *= found.gain(at);
    }
    return { transition: found.transition(at), drive: found.drive(at) };
  }

  /* M G M^T + q N N^T + q (M c N^T + N c^T M^T). */
  function moved(gram, transition, drive, energy, cross) {
    const n = gram.length, half = transition.map((row) => gram[0].map((_, j) => {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += row[k] * gram[k][j];
      return sum;
    }));
    const carried = transition.map((row) => row.reduce((sum, entry, k) => sum + entry * cross[k], 0));
    return half.map((row, i) => transition.map((other, j) => {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += row[k] * other[k];
      return sum + energy * (carried[i] * drive[j]) + energy * (carried[j] * drive[i]) + energy * (drive[i] * drive[j]);
    }));
  }

  /* The angle from E|w|^2, M_00, E<w, r> and E|r|^2, with w' = M_00 w + r. */
  function turned(gram, transition, drive, energy, cross) {
    const n = gram.length, back = transition[0];
    let along = energy * drive[0] * cross[0], across = energy * drive[0] * drive[0];
    for (let i = 1; i < n; i++) {
      along += back[i] * gram[i][0];
      across += energy * drive[0] * 2 * (back[i] * cross[i]);
      for (let j = 1; j < n; j++) across += back[i] * gram[i][j] * back[j];
    }
    return angleOf(gram[0][0], back[0], along, across);
  }

  function angleOf(before, kept, along, across) {
    along /= before;
    across /= before;
    return Math.atan2(Math.sqrt(Math.max(across - along * along, 0)), kept + along);
  }

  function settledGram(optimizer, lr, wd, chosen) {
    const rule = rules[optimizer];
    try {
      const at = SMD.symbolValues(rule, Object.assign({}, chosen, { lr, wd }));
      const unit = rule.unit_gram(at), squared = rule.norm(at) ** 2;
      return unit.map((row) => row.map((entry) => squared * entry / unit[0][0]));
    } catch (none) {
      if (!(none instanceof NoEquilibrium)) throw none;
      throw new NoEquilibrium(`${none.message}; without one to start from, start_norm is needed`);
    }
  }

  /* --- what correlates the inputs; see theory.motion.Memory ------------------------------------------------------ */

  function memoryOf(found, at, settled) {
    if (!found.sign_filter) {
      const pairs = found.finite_modes(at), kept = pairs.map(([, mode]) => mode), entering = pairs.map(() => 1);
      return { weights: pairs.map(([weight]) => weight), advance: () => ({ kept, entering }) };
    }
    const [pole, correlation, stored] = found.sign_filter(at), weights = [], size = Math.abs(correlation);
    let coefficient = 2 / Math.PI, power = size, age = settled ? 0 : 1;
    while (coefficient * power > TAIL * (1 - correlation ** 2) * 2 / Math.PI * size) {
      if (weights.length === MOST_MODES) {
        throw new OutOfDomain(`its sign remembers too long at these betas for ${MOST_MODES} modes`);
      }
      weights.push(coefficient);
      coefficient *= found.coefficient_ratio({ n: weights.length - 1 });
      power *= correlation ** 2;
    }
    const advance = () => {
      const now = age;
      age = now * pole ** 2;
      const beta = 1 / Math.sqrt(1 - stored * now), next = 1 / Math.sqrt(1 - stored * age);
      const alpha = (correlation - stored * pole * now) * beta;
      const keep = pole * next / beta, enter = alpha * next;
      return {
        kept: weights.map((_, k) => Math.pow(keep, 2 * k + 1)),
        entering: weights.map((_, k) => Math.pow(enter, 2 * k + 1)),
      };
    };
    return { weights, advance };
  }

  /* --- AdamW with a lagging denominator; see theory.lagging ------------------------------------------------------ */

  function lagging(optimizer, schedule, startNorm, chosen) {
    const steps = schedule.lr.length, settled = startNorm === null, dim = chosen.dim;
    const at = { beta_1: chosen.beta1, beta_2: chosen.beta2, L: dim, d: dim };
    let now = [0, (startNorm || 0) ** 2, 0, 0];
    if (settled) {
      const gram = settledGram(optimizer, schedule.lr[0], schedule.wd[0], chosen);
      now = lag.settled(Object.assign({ G_00: gram[0][0], G_01: gram[0][1], G_11: gram[1][1] }, at));
    }
    const squares = new Float64Array(steps + 1), angle = new Float64Array(steps);
    squares[0] = now[1];
    for (let t = 0; t < steps; t++) {
      [at.v, at.x, at.y, at.z] = now;
      at.n = t + 1;
      at.eta = schedule.lr[t] * (settled ? 1 : lag.bias_correction(at));
      at.a = 1 - schedule.lr[t] * schedule.wd[t];
      const after = lag.step(at), size = at.eta / Math.sqrt(after[0]);
      angle[t] = angleOf(now[1], at.a, -size * at.beta_1 * now[2], size ** 2 * after[3]);
      now = after;
      squares[t + 1] = now[1];
    }
    return { squares, angle };
  }

  /* [norm, angle] at the equilibrium of one lr and wd, NaN where there is none. */
  function adiabatic(optimizer, lr, wd, chosen) {
    const rule = rules[optimizer];
    try {
      const at = SMD.symbolValues(rule, Object.assign({}, chosen, { lr, wd }));
      return [rule.norm(at), rule.angle(at)];
    } catch (none) {
      if (!(none instanceof NoEquilibrium)) throw none;
      return [NaN, NaN];
    }
  }

  /* A trajectory under a schedule by name; see SMD.scheduled for the options. */
  function trace(optimizer, kind, lr, wd, steps, options, startNorm, hyperparameters) {
    const schedule = SMD.scheduled(kind, lr, wd, steps, options);
    const found = trajectory(optimizer, schedule, startNorm, hyperparameters);
    return { schedule, chosen: found.chosen, norm: Array.from(found.norm), angle: Array.from(found.angle) };
  }

  Object.assign(SMD, { trajectory, trace, adiabatic, isLagging });
})((window.SMD = window.SMD || {}));
