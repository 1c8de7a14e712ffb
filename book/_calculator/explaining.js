/* What a recipe does to its scale-invariant weights, and what to change; mirrors smd.explaining. */
(function (SMD) {
  "use strict";

  const { OutOfDomain } = SMD;
  const { g, percent, isClose } = SMD.numerics;
  const { rules } = SMD.derived;
  const { recipe, shareAt, equivalentWd, equilibrium } = SMD.recipes;
  const constants = SMD.derived.data.constants.explaining;
  const { UNKNOWN_STARTS, POINTS, SHARES, CLOSE, SETTLED_BY, SHORTEST, LARGE, WIDE } = constants;

  /* s in |w|^(2s), from how the norm answers to lr. */
  function powerOf(found) {
    const given = found.hyperparameters, own = Object.assign({}, given, { lr: 2 * given.lr, wd: given.wd / 2 });
    const twice = SMD.predict(found.optimizer, own);
    const alone = isClose(twice.angular_update, found.angular_update, 1e-9);
    if (!alone || !found.equilibrium_norm || twice.equilibrium_norm <= found.equilibrium_norm) {
      throw new OutOfDomain(`optimizer = ${found.optimizer} has no law of the angle over time here: its angle or norm ` +
        "does not follow from lr*wd and lr as that of the other optimizers");
    }
    return Math.log(2) / Math.log(twice.equilibrium_norm / found.equilibrium_norm);
  }

  function halfLifeOf(found) {
    if (!found.half_life) {
      throw new OutOfDomain(`${found.optimizer} has no half-life here: ${found.warnings.join("; ")}`);
    }
    return found.half_life;
  }

  /* { power, at(name, share) }: tan^2 of the angle times y, inflow and loss of y a step, between shares in the table. */
  function lawOf(recipe) {
    const peak = equilibrium(recipe), power = powerOf(peak), tables = { squared: [], inflow: [], loss: [] };
    for (const share of SHARES) {
      const found = equilibrium(recipe, share);
      const y = Math.pow(found.equilibrium_norm / peak.equilibrium_norm, 2 * power);
      const loss = -Math.expm1(-Math.log(2) / halfLifeOf(found));
      tables.squared.push(Math.tan(Math.min(found.angular_update, 1.5)) ** 2 * y);
      tables.inflow.push(loss * y);
      tables.loss.push(loss);
    }
    const x = SHARES.map(Math.log), logs = Object.fromEntries(
      Object.entries(tables).map(([name, values]) => [name, values.map(Math.log)]));
    const at = (name, share) => Math.exp(interpolated(x, logs[name], Math.log(share)));
    return { power, at };
  }

  function interpolated(x, y, wanted) {
    const slope = (y[1] - y[0]) / (x[1] - x[0]);
    if (wanted < x[0]) return Math.abs(slope) > 1e-9 ? y[0] + slope * (wanted - x[0]) : y[0];
    const last = x.length - 1;
    if (wanted >= x[last]) return y[last];
    let low = 0, high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (x[middle] <= wanted) low = middle; else high = middle;
    }
    return y[low] + (y[high] - y[low]) / (x[high] - x[low]) * (wanted - x[low]);
  }

  /* Norm and angle over the run from a start norm over the equilibrium's. */
  function history(recipe, law, start) {
    const block = Math.max(1, Math.ceil(recipe.steps / POINTS)), count = Math.ceil(recipe.steps / block);
    const found = { start, step: [], share: [], norm: [], angle: [], equilibrium_angle: [], loss: [] };
    let y = Math.pow(start, 2 * law.power);
    for (let i = 0; i < count; i++) {
      const share = shareAt(recipe.schedule, i * block, recipe.steps);
      const [squared, inflow, loss] = ["squared", "inflow", "loss"].map((name) => law.at(name, share));
      const target = loss > 0 ? inflow / loss : 0, kept = Math.pow(1 - Math.min(loss, 1), block);
      found.step.push(i * block);
      found.share.push(share);
      found.loss.push(loss);
      found.norm.push(Math.pow(y, 1 / (2 * law.power)));
      found.angle.push(Math.atan(Math.sqrt(squared / y)));
      found.equilibrium_angle.push(Math.atan(Math.sqrt(target > 0 ? squared / target : 0)));
      if (loss > 0) y = target + kept * (y - target);
    }
    found.settled = stretches(found);
    found.largest = largest(found);
    return found;
  }

  /* First and last step of each long stretch in which the angle is CLOSE to its equilibrium. */
  function stretches({ step, angle, equilibrium_angle: guide }) {
    const found = [];
    let first = null;
    for (let i = 0; i <= step.length; i++) {
      const inside = i < step.length && Math.abs(angle[i] / guide[i] - 1) <= CLOSE;
      if (inside && first === null) first = i;
      if (!inside && first !== null) {
        if (i - first >= SHORTEST * step.length) found.push([step[first], step[i - 1]]);
        first = null;
      }
    }
    return found;
  }

  function largest({ step, angle, equilibrium_angle: guide }) {
    let at = 0, most = -Infinity;
    angle.forEach((one, i) => {
      const ratio = one / (guide[i] > 0 ? guide[i] : Infinity);
      if (ratio > most) { most = ratio; at = i; }
    });
    return [step[at], most];
  }

  function explain(content) {
    const found = { recipe: recipe(content) };
    const peak = found.equilibrium = equilibrium(found.recipe), own = found.recipe;
    found.half_life = halfLifeOf(peak);
    const known = own.start_norm !== null, law = lawOf(own);
    const starts = known ? [own.start_norm / peak.equilibrium_norm] : UNKNOWN_STARTS;
    found.histories = starts.map((start) => history(own, law, start));
    const { loss } = found.histories[0];
    found.half_lives = loss.reduce((sum, one) => sum - Math.log1p(-Math.min(one, 1 - 1e-12)), 0) /
      Math.log(2) * own.steps / loss.length;
    found.says = sentences(found, known);
    found.change = advice(found);
    return found;
  }

  function sentences(found, known) {
    const { recipe: own, equilibrium: peak } = found;
    const says = [
      `At the peak learning rate ${g(own.lr)} the equilibrium of ${rules[own.optimizer].DESCRIPTION.title} turns the ` +
        `weights by ${g(peak.angular_update, 4)} rad a step; a deviation halves in ${g(found.half_life, 4)} steps`,
      `The run of ${own.steps} steps is ${g(found.half_lives, 3)} half-lives long, counted along its schedule`,
    ];
    if (!known) {
      says.push("The recipe does not say start_norm, so two starts are shown: a norm 4 times below and 4 times above " +
        "the equilibrium's");
    }
    for (const one of found.histories) {
      const where = `From ${g(one.start, 3)} times the equilibrium's norm`;
      const share = one.settled.reduce((sum, [first, last]) => sum + last - first + 1, 0) / own.steps;
      if (one.settled.length) {
        const list = one.settled.map(([first, last]) => `from step ${first} to step ${last}`).join(" and ");
        says.push(`${where} the angle is within ${percent(CLOSE)} of equilibrium ${list}, ${percent(share)} of the run`);
      } else {
        says.push(`${where} the angle never settles within ${percent(CLOSE)} of equilibrium`);
      }
      const [step, ratio] = one.largest;
      if (ratio > LARGE) says.push(`${where} the angle reaches ${g(ratio, 3)} times its equilibrium, at step ${step}`);
    }
    const end = endOf(found);
    if (end !== null) {
      says.push(`At the last step the angle is ${g(end, 3)} times the equilibrium's at that learning rate: the norm ` +
        "cannot follow the end of the schedule");
    }
    return says;
  }

  /* Angle over equilibrium at the last step for a run that had settled and lost it, else null. */
  function endOf({ histories }) {
    const last = histories[histories.length - 1], angle = last.angle[last.angle.length - 1];
    const guide = last.equilibrium_angle[last.equilibrium_angle.length - 1];
    if (!last.settled.length || guide <= 0 || Math.abs(angle / guide - 1) <= CLOSE) return null;
    return angle / guide;
  }

  function advice(found) {
    const { recipe: own, histories } = found, change = [];
    const late = histories.some((one) => !one.settled.length || one.settled[0][0] > own.steps / 2);
    if (late) change.push(toSettle(found));
    if (histories.some((one) => one.largest[1] > LARGE)) {
      change.push("from a small start norm the first angles are large: warm up over about a half-life " +
        `(${g(found.half_life, 3)} steps; the warmup is ${own.schedule.warmup}), or start from a larger norm`);
    }
    if (found.equilibrium.angular_update > WIDE) {
      change.push(`the equilibrium angle ${g(found.equilibrium.angular_update, 3)} rad is large: lower lr*wd ` +
        "(the angle goes with its square root)");
    }
    if (endOf(found) !== null && !late) {
      change.push("the end of the schedule is faster than the norm: to end in equilibrium, spread it over several " +
        "half-lives of its own learning rates; if the small last angles are wanted, leave it");
    }
    if (own.decay === "independent" && own.schedule.name !== "constant") {
      change.push("independent decay does not fall with lr: at equilibrium the angle keeps its peak value to the end");
    }
    return change.length ? change : ["nothing: the run is in equilibrium for most of its length"];
  }

  /* The wd at which even the farthest start is CLOSE to equilibrium after SETTLED_BY of the run. */
  function toSettle({ recipe: own, equilibrium: peak, histories }) {
    let start = "or start at the equilibrium's norm";
    if (own.start_norm !== null) start += ` ${g(peak.equilibrium_norm, 4)}`;
    const power = powerOf(peak), far = Math.max(...histories.map((h) => Math.abs(Math.pow(h.start, 2 * power) - 1)));
    const wanted = SETTLED_BY * own.steps / Math.max(1, Math.log2(far / (2 * CLOSE)));
    let better;
    try {
      const given = Object.assign({}, own.hyperparameters, { lr: own.lr });
      better = SMD.solve(own.optimizer, "wd", "half_life", wanted, given);
    } catch (none) {
      if (!(none instanceof OutOfDomain)) throw none;
      return `the run is too short for equilibrium at any wd: train longer, ${start}`;
    }
    const coefficient = better.value * own.wd / equivalentWd(own.decay, own.lr, own.wd, own.lr);
    return `the run is too short for its decay: to be in equilibrium after ${percent(SETTLED_BY)} of it, take wd = ` +
      `${g(coefficient, 3)} (half-life ${g(wanted, 3)} steps, angle ` +
      `${g(better.prediction.angular_update, 3)} rad), ${start}`;
  }

  SMD.explain = explain;
})((window.SMD = window.SMD || {}));
