/* The hyper-parameter at which an equilibrium takes a wanted value; mirrors theory.solving. */
(function (SMD) {
  "use strict";

  const { OutOfDomain, Unreachable } = SMD;
  const { g, isClose } = SMD.numerics;
  const constants = SMD.derived.data.constants.solving;
  const QUANTITIES = { angle: "angular_update", norm: "equilibrium_norm", half_life: "half_life" };

  class NoCrossing extends Error {
    constructor(met) {
      super("no crossing");
      this.met = met;
    }
  }

  const logarithmic = (values) => ({ values, coordinate: Math.log, back: Math.exp });

  const decays = [];
  for (let p = constants.LEAST_DECAY; p < constants.MOST_DECAY;) {
    decays.push(p);
    p *= p < constants.FINE_FROM ? constants.COARSE : constants.FINE;
  }

  /* The search grid of an unknown: lr and wd by ratios of lr*wd, a coefficient by ratios of its gap to 1. */
  function pathOf(unknown, given) {
    if (unknown === "lr" || unknown === "wd") {
      const other = given[unknown === "lr" ? "wd" : "lr"] ?? null;
      const scale = other === null || !(other > 0 && other < Infinity) ? 1 : other;
      return logarithmic(decays.map((p) => p / scale));
    }
    const values = Array.from({ length: 80 }, (_, k) => 1 - Math.pow(2, -k / 4));
    return { values, coordinate: (x) => -Math.log1p(-x), back: (u) => -Math.expm1(-u) };
  }

  const middleOf = (path, a, b) => path.back((path.coordinate(a) + path.coordinate(b)) / 2);
  const logRatio = (y, wanted) => Math.log(Math.max(y, constants.TINY) / wanted);

  /* The first x along the path at which the function takes the wanted value; null marks a gap in its domain. */
  function firstCrossing(f, wanted, path) {
    const met = [];
    let before = null, outside = false;
    for (const x of path.values) {
      const here = f(x);
      if (here === null && outside) continue;
      outside = here === null;
      for (const point of here === null ? upToEdge(f, before, x, path) : [[x, here]]) {
        const y = point[1];
        if (isClose(y, wanted, constants.ROUNDING)) return point[0];
        if (before !== null && (before[1] < wanted) !== (y < wanted)) return refine(f, wanted, before, point, path);
        if (met.length > 1 && before !== null && !outside) {
          const turn = turnBeyond(f, wanted, met[met.length - 2], before, point, path);
          if (turn !== null) return refine(f, wanted, met[met.length - 2], turn, path);
        }
        before = point;
        met.push(point);
      }
    }
    throw new NoCrossing(met);
  }

  /* A point beyond the wanted value between three that turn around before it, by golden section; or null. */
  function turnBeyond(f, wanted, left, middle, right, path) {
    const side = logRatio(middle[1], wanted) < 0 ? -1 : 1;
    const gap = (y) => (y === null ? Infinity : side * logRatio(y, wanted));
    if (!(gap(middle[1]) < Math.min(gap(left[1]), gap(right[1])))) return null;
    let low = path.coordinate(left[0]), high = path.coordinate(right[0]);
    const { GOLDEN, MOST_STEPS, TURNED } = constants;
    let a = high - GOLDEN * (high - low), b = low + GOLDEN * (high - low);
    let atA = gap(f(path.back(a))), atB = gap(f(path.back(b)));
    for (let step = 0; step < MOST_STEPS; step++) {
      const [nearest, u] = atA <= atB ? [atA, a] : [atB, b];
      if (nearest < 0) {
        const x = path.back(u), y = f(x);
        return y === null ? null : [x, y];
      }
      if (high - low <= TURNED * Math.max(1, Math.abs(high))) return null;
      if (atA < atB) {
        high = b; b = a; atB = atA;
        a = high - GOLDEN * (high - low);
        atA = gap(f(path.back(a)));
      } else {
        low = a; a = b; atA = atB;
        b = low + GOLDEN * (high - low);
        atB = gap(f(path.back(b)));
      }
    }
    return null;
  }

  /* Points of the domain between its last one and its edge, ever closer to the edge. */
  function upToEdge(f, before, outside, path) {
    const points = [];
    if (before === null) return points;
    let inside = before[0];
    for (;;) {
      const x = middleOf(path, inside, outside);
      if (!(inside < x && x < outside)) return points;
      const y = f(x);
      if (y === null) outside = x;
      else {
        inside = x;
        points.push([x, y]);
      }
    }
  }

  /* Ridders' method between two points on either side, in the path's own coordinate, to the last digits. */
  function refine(f, wanted, before, after, path) {
    const off = (u, nudge) => {
      let y = f(path.back(u));
      if (y === null) y = f(path.back(u + nudge));
      return y === null ? NaN : logRatio(y, wanted);
    };
    let low = path.coordinate(before[0]), high = path.coordinate(after[0]);
    let atLow = logRatio(before[1], wanted), atHigh = logRatio(after[1], wanted);
    let best = (low + high) / 2;
    for (let step = 0; step < constants.MOST_STEPS; step++) {
      const middle = (low + high) / 2, last = best, atMiddle = off(middle, (high - low) / 1024);
      if (atMiddle === 0 || Number.isNaN(atMiddle)) return path.back(middle);
      best = middle + (middle - low) * (atLow < 0 ? -1 : 1) * atMiddle / Math.hypot(atMiddle, Math.sqrt(-atLow * atHigh));
      const atBest = off(best, (high - low) / 1024);
      if (atBest === 0 || Number.isNaN(atBest)) break;
      if (Math.abs(best - last) <= constants.LAST_DIGITS * Math.max(1, Math.abs(best))) break;
      if ((atMiddle < 0) !== (atBest < 0)) {
        [low, atLow, high, atHigh] = [middle, atMiddle, best, atBest];
      } else if ((atLow < 0) !== (atBest < 0)) {
        high = best; atHigh = atBest;
      } else {
        low = best; atLow = atBest;
      }
    }
    return path.back(best);
  }

  /* { value, prediction } at the smallest value of the unknown at which the quantity is as wanted. */
  function solve(optimizer, unknown, quantity, wanted, given) {
    const at = Object.assign({}, given), mistakes = [];
    delete at[unknown];
    const f = (x) => {
      try {
        return SMD.predict(optimizer, Object.assign({}, at, { [unknown]: x }))[QUANTITIES[quantity]];
      } catch (mistake) {
        if (!(mistake instanceof OutOfDomain)) throw mistake;
        mistakes.push(mistake);
        return null;
      }
    };
    let value;
    try {
      value = firstCrossing(f, wanted, pathOf(unknown, at));
    } catch (none) {
      if (!(none instanceof NoCrossing)) throw none;
      const { met } = none;
      if (!met.length) throw mistakes[0];
      const values = met.map(([, y]) => y), least = Math.min(...values), most = Math.max(...values);
      throw new Unreachable(`${quantity} = ${g(wanted)} is not reached by ${optimizer}: while ${unknown} runs from ` +
        `${g(met[0][0], 3)} to ${g(met[met.length - 1][0], 3)}, where an equilibrium exists, it stays between ` +
        `${g(least)} and ${g(most)}`);
    }
    return { value, prediction: SMD.predict(optimizer, Object.assign({}, at, { [unknown]: value })) };
  }

  Object.assign(SMD, { solve, firstCrossing, pathOf, logarithmic, NoCrossing, QUANTITIES });
})((window.SMD = window.SMD || {}));
