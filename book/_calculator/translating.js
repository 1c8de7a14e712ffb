/* Moving a recipe from one optimizer, or one batch size, to another; mirrors smd.translating. */
(function (SMD) {
  "use strict";

  const { OutOfDomain, Unreachable } = SMD;
  const { g, isClose } = SMD.numerics;
  const { data } = SMD.derived;
  const { MOMENTA, SPAN, RATIO, SAME, SIZES, SHARED, KEEPS } = data.constants.translating;
  const MATCHES = ["angle", "half_life", "angle,half_life"];
  const has = (values, name) => (values[name] ?? null) !== null;

  const parameters = (optimizer) => SMD.parametersOf(optimizer).map((p) => p.name);

  function ruleOf(name, decay) {
    if (name === "muon" && [null, "decoupled"].includes(decay)) return name;
    const choice = SMD.choose(name, decay);
    if (!["coupled", "decoupled"].includes(choice.decay)) {
      throw new OutOfDomain(
        `decay = ${choice.decay} is no coefficient of lr*wd; translate it as decoupled decay first`);
    }
    return choice.rule;
  }

  /* dim = rows cols of a matrix. */
  function sharedSizes(optimizers, given) {
    const missing = ["rows", "cols"].filter((name) => !has(given, name));
    if (optimizers.includes("muon") && missing.length) {
      throw new OutOfDomain(`${missing[0]} is missing: muon needs it`);
    }
    if (missing.length) return {};
    const dim = given.rows * given.cols;
    if (has(given, "dim") && given.dim !== dim) {
      throw new OutOfDomain(`dim = ${g(given.dim)} is not rows * cols = ${g(dim)}`);
    }
    return { dim };
  }

  function requireSizes(source, target, given) {
    const noise = Object.keys(data.noise).sort();
    const [one, other] = [source, target].map((name) => noise.filter((size) => parameters(name).includes(size)));
    const lacking = noise.filter((size) => one.concat(other).includes(size) && !has(given, size));
    if (one.join() === other.join() || !lacking.length) return;
    const needed = lacking.map((name) => name.replace("_", "-")).join(" and ");
    throw new OutOfDomain(`keep = norm needs ${needed}: ${one.join(" and ") || "neither"} sets the norm of ${source}, ` +
      `${other.join(" and ") || "neither"} that of ${target}; or keep lr, or wd`);
  }

  function wantedOf(found, batch) {
    const lost = 2 * Math.sin(found.angular_update / 2) ** 2 * batch;
    if (lost >= 2) throw new Unreachable(`batch = ${g(batch)} would need a step of more than half a turn`);
    return {
      angle: 2 * Math.asin(Math.sqrt(lost / 2)),
      half_life: found.half_life / batch,
      norm: found.equilibrium_norm,
    };
  }

  function freedOf(target, matched, own) {
    if (matched.length === 1) return null;
    const [free] = MOMENTA.filter((name) => parameters(target).includes(name) && !has(own, name));
    if (free) return free;
    const fixed = MOMENTA.filter((name) => has(own, name)).map((name) => `to-${name} = ${g(own[name])}`);
    const why = fixed.length ? `${fixed[0]} is given` : `${target} has no momentum`;
    throw new OutOfDomain(`match = angle,half-life needs a momentum to set free, but ${why}`);
  }

  /* The momentum at which the decay for the half-life also gives the angle. */
  function setFree(target, freed, wanted, at, lr) {
    const met = [];
    const reached = (momentum) => {
      try {
        const given = Object.assign({}, at, { lr, [freed]: momentum });
        met.push(SMD.solve(target, "wd", "half_life", wanted.half_life, given).prediction.angular_update);
        return met[met.length - 1];
      } catch (mistake) {
        if (!(mistake instanceof OutOfDomain)) throw mistake;
        return null;
      }
    };
    const path = SMD.pathOf(freed, {});
    path.values = path.values.filter((_, k) => k % 4 === 0);
    try {
      return SMD.firstCrossing(reached, wanted.angle, path);
    } catch (none) {
      if (!(none instanceof SMD.NoCrossing)) throw none;
      const between = met.length
        ? `it stays between ${g(Math.min(...met))} and ${g(Math.max(...met))}`
        : "no momentum has that half-life";
      throw new Unreachable(`angle = ${g(wanted.angle)} is not reached by ${target} at half_life = ` +
        `${g(wanted.half_life)} for any ${freed}: ${between}`);
    }
  }

  /* lr and wd that match the quantity and keep what is to be kept. */
  function split(target, quantity, wanted, keep, at, found) {
    const goal = wanted[quantity], { lr: sourceLr, wd: sourceWd } = found.hyperparameters;
    const with_ = (more) => Object.assign({}, at, more);
    if (keep === "wd") {
      return with_({ lr: SMD.solve(target, "lr", quantity, goal, with_({ wd: sourceWd })).value, wd: sourceWd });
    }
    const decayAt = (lr) => SMD.solve(target, "wd", quantity, goal, with_({ lr })).value;
    const wd = decayAt(sourceLr);
    if (keep === "lr") return with_({ lr: sourceLr, wd });
    const product = sourceLr * wd;
    const elsewhere = SMD.predict(target, with_({ lr: 8 * sourceLr, wd: wd / 8 }))[SMD.QUANTITIES[quantity]];
    const alone = isClose(elsewhere, goal, SAME), wdAt = (x) => (alone ? product / x : decayAt(x));
    const norm = (x) => {
      try {
        return SMD.predict(target, with_({ lr: x, wd: wdAt(x) })).equilibrium_norm;
      } catch (mistake) {
        if (!(mistake instanceof OutOfDomain)) throw mistake;
        return null;
      }
    };
    const values = Array.from({ length: 61 }, (_, k) => sourceLr / SPAN * Math.pow(RATIO, k));
    try {
      const lr = SMD.firstCrossing(norm, wanted.norm, SMD.logarithmic(values));
      return with_({ lr, wd: wdAt(lr) });
    } catch (none) {
      if (!(none instanceof SMD.NoCrossing)) throw none;
      throw new Unreachable(
        `norm = ${g(wanted.norm)} is not reached by ${target} at any lr; keep lr or wd instead`);
    }
  }

  function notesOf(matched, freed, ratios) {
    if (freed !== null) return [`${freed} was set free to match both; check that the optimizer works well there`];
    const other = matched[0] === "angle" ? "half_life" : "angle", ratio = ratios[other];
    if (ratio === null || isClose(ratio, 1, 1e-6)) return [];
    return [`the ${other.replace("_", "-")} is ${g(ratio, 4)} times the wanted one and cannot be chosen as well: ` +
      "at given momenta both follow from lr*wd alone (--match angle,half-life sets the target's momentum free)"];
  }

  /* { source, target, matched, keep, wanted, freed, ratios, notes }: the recipe of the target that moves as the
     source does. `given` describes the source, `to` the target alone. */
  function translate(source, target, given, options = {}) {
    const { match = "angle", keep = "norm", batch = 1, decay = null, toDecay = null, to = {} } = options;
    if (!MATCHES.includes(match)) throw new OutOfDomain(`match = ${match} is unknown`);
    if (!KEEPS.includes(keep)) throw new OutOfDomain(`keep = ${keep} is unknown; known are ${KEEPS.join(", ")}`);
    if (!(batch > 0 && batch < Infinity)) throw new OutOfDomain(`batch = ${g(batch)} is outside its range (0, inf)`);
    const matched = match.split(","), from = ruleOf(source, decay), goal = ruleOf(target, toDecay);
    const all = Object.assign({}, given, sharedSizes([from, goal], Object.assign({}, given, to)));
    const noise = Object.fromEntries(SHARED.filter((name) => has(all, name)).map((name) => [name, all[name]]));
    const own = parameters(from), takes = parameters(goal);
    const taken = Object.fromEntries(
      Object.entries(all).filter(([name]) => own.includes(name) || !SIZES.includes(name)));
    const found = SMD.predict(from, taken);
    const at = Object.fromEntries(Object.entries(noise).filter(([name]) => takes.includes(name)));
    Object.assign(at, to);
    if (batch !== 1 && takes.includes("grad_norm") && !has(to, "grad_norm")) {
      at.grad_norm = (at.grad_norm || 1) / Math.sqrt(batch);
    }
    if (keep === "norm") requireSizes(from, goal, Object.assign({}, noise, to));
    const wanted = wantedOf(found, batch), freed = freedOf(goal, matched, to);
    if (freed !== null) at[freed] = setFree(goal, freed, wanted, at, found.hyperparameters.lr);
    const reached = SMD.predict(goal, split(goal, matched[matched.length - 1], wanted, keep, at, found));
    const ratios = {};
    for (const [name, value] of Object.entries(wanted)) {
      ratios[name] = value ? reached[SMD.QUANTITIES[name]] / value : null;
    }
    return { source: found, target: reached, matched, keep, wanted, freed, ratios, notes: notesOf(matched, freed, ratios) };
  }

  SMD.translate = translate;
})((window.SMD = window.SMD || {}));
