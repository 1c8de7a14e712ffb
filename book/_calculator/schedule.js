/* Learning rate and weight decay of every step; mirrors theory.schedule. */
(function (SMD) {
  "use strict";

  const { OutOfDomain } = SMD;
  const { g } = SMD.numerics;
  const { SHAPES, MOST_STEPS, COOLDOWN, DROPS } = SMD.derived.data.constants.schedule;

  /* Python's round: ties to the even number. */
  function round(x) {
    const low = Math.floor(x);
    return x - low === 0.5 ? low + (low % 2 ? 1 : 0) : Math.round(x);
  }

  function refuse(name, value, range) {
    throw new OutOfDomain(`${name} = ${g(value)} is outside its range ${range}`);
  }

  function check({ kind, steps, warmup, final, cooldown, drops, dropFactor }) {
    if (!SHAPES.includes(kind)) throw new OutOfDomain(`schedule = ${kind} is unknown; known are ${SHAPES.join(", ")}`);
    if (!(Number.isInteger(steps) && steps >= 1 && steps <= MOST_STEPS)) {
      refuse("steps", steps, `[1, ${MOST_STEPS}]`);
    }
    if (!(Number.isInteger(warmup) && warmup >= 0 && warmup <= steps)) {
      refuse("warmup", warmup, `[0, ${steps}], the number of steps`);
    }
    if (!(final >= 0 && final <= 1)) refuse("final", final, "[0, 1]");
    if (!(cooldown > 0 && cooldown <= 1)) refuse("cooldown", cooldown, "(0, 1]");
    for (const at of drops) if (!(at >= 0 && at <= 1)) refuse("drops", at, "[0, 1], a fraction of the steps");
    if (!(Number.isFinite(dropFactor) && dropFactor > 0)) refuse("drop_factor", dropFactor, "(0, inf)");
  }

  /* { lr, wd } of every step, as arrays; lr and wd are those of the peak. */
  function scheduled(kind, lr, wd, steps, options = {}) {
    const all = Object.assign(
      { kind, steps, warmup: 0, final: 0, cooldown: COOLDOWN, drops: DROPS, dropFactor: 10, decay: "decoupled" },
      options);
    for (const [name, value] of [["lr", lr], ["wd", wd]]) {
      if (!(Number.isFinite(value) && value > 0)) refuse(name, value, "(0, inf)");
    }
    check(all);
    const { warmup, final, cooldown, drops, dropFactor, decay } = all;
    const length = Math.max(1, Math.min(round(cooldown * steps), steps - warmup));
    const falls = drops.map((at) => round(at * steps));
    const rates = new Float64Array(steps), decays = new Float64Array(steps);
    for (let t = 0; t < steps; t++) {
      const progress = (t - warmup) / Math.max(steps - warmup, 1);
      let factor = 1;
      if (t < warmup) factor = (t + 1) / Math.max(warmup, 1);
      else if (kind === "linear") factor = 1 - (1 - final) * progress;
      else if (kind === "cosine") factor = final + (1 - final) * (1 + Math.cos(Math.PI * progress)) / 2;
      else if (kind === "wsd") factor = 1 - (1 - final) * Math.max(0, (t - (steps - length)) / length);
      else if (kind === "step") factor = Math.pow(dropFactor, -falls.filter((at) => t >= at).length);
      rates[t] = lr * factor;
      decays[t] = decay === "independent" ? wd / rates[t] : decay === "corrected" ? wd * factor : wd;
      if (decay === "independent" && !factor) {
        throw new OutOfDomain("decay = independent needs a learning rate above 0 at every step");
      }
    }
    return { lr: rates, wd: decays };
  }

  SMD.scheduled = scheduled;
})((window.SMD = window.SMD || {}));
