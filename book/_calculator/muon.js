/* Muon on matrices whose coefficients came along; mirrors theory.muon with the exact polar factor. */
(function (SMD) {
  "use strict";

  const { OutOfDomain, NoEquilibrium } = SMD;
  const { g, percent } = SMD.numerics;
  const { data, muon, shapes } = SMD.derived;
  const { MOST_TERMS, DIGITS } = data.constants.muon;
  const { EXACT_TERMS, EXACT_ROWS } = data.constants.polar;
  const MOST_SAMPLES = 2 ** 20;

  /* c_j at m = 1 from the first one. */
  function vectorLaw(first, dim, terms) {
    const found = new Float64Array(terms);
    let now = first;
    for (let n = 0; n < terms; n++) {
      found[n] = now;
      now *= muon.vector_ratio({ d: dim, n });
    }
    return found;
  }

  /* c_j of large matrices: squares of the Chebyshev overlaps of 1/sigma, by a Fourier transform. */
  function limitLaw(aspect, terms) {
    const found = new Float64Array(terms);
    const samples = 2 ** Math.max(14, Math.ceil(Math.log2(40 / Math.max(1 - Math.sqrt(aspect), 1e-9))));
    if (samples > MOST_SAMPLES) {
      for (let n = 0; n < terms; n++) found[n] = muon.square_limit({ n });
      return found;
    }
    const re = new Float64Array(samples), im = new Float64Array(samples), root = Math.sqrt(aspect);
    let energy = 0;
    for (let k = 0; k < samples; k++) {
      const angle = 2 * Math.PI * (k + 0.5) / samples;
      re[k] = 1 / Math.hypot(1 + root * Math.cos(angle), root * Math.sin(angle));
      energy += 2 * (re[k] * Math.sin(angle)) ** 2 / samples;
    }
    fourier(re, im);
    const turned = (k) => {
      const phase = -Math.PI * k / samples;
      return (re[k] * Math.cos(phase) - im[k] * Math.sin(phase)) / samples;
    };
    for (let j = 0; j < Math.min(terms, samples / 2 - 1); j++) found[j] = (turned(j) - turned(j + 2)) ** 2 / energy;
    return found;
  }

  /* The discrete Fourier transform in place; the length is a power of two. */
  function fourier(re, im) {
    const n = re.length;
    for (let i = 1, j = 0; i < n; i++) {
      let bit = n >> 1;
      for (; j & bit; bit >>= 1) j ^= bit;
      j ^= bit;
      if (i < j) {
        [re[i], re[j]] = [re[j], re[i]];
        [im[i], im[j]] = [im[j], im[i]];
      }
    }
    for (let size = 2; size <= n; size *= 2) {
      for (let k = 0; k < size / 2; k++) {
        const c = Math.cos(-2 * Math.PI * k / size), s = Math.sin(-2 * Math.PI * k / size);
        for (let start = k; start < n; start += size) {
          const other = start + size / 2, x = re[other] * c - im[other] * s, y = re[other] * s + im[other] * c;
          re[other] = re[start] - x; im[other] = im[start] - y;
          re[start] += x; im[start] += y;
        }
      }
    }
  }

  const laws = new Map();

  /* { leading, tail } of one shape. */
  function correlation(key, terms) {
    const name = `${key} ${terms}`;
    if (!laws.has(name)) {
      const shape = shapes[key], [small, large] = key.split("x").map(Number);
      const edge = vectorLaw(shape.edge_first, shape.edge_dim, terms), limit = limitLaw(small / large, terms);
      const tail = new Float64Array(terms - EXACT_TERMS);
      for (let j = EXACT_TERMS; j < terms; j++) {
        tail[j - EXACT_TERMS] = shape.edge_share * edge[j] + shape.limit_share * limit[j];
      }
      laws.set(name, { leading: shape.leading, tail, mass: Math.max(0, 1 - shape.leading.reduce((a, b) => a + b)) });
    }
    return laws.get(name);
  }

  /* [low, estimate, high] of S = sum_j c_j rho_1^(2j+1) / (1 - a mu^(2j+1)). */
  function persistence(law, decay, momentum, first) {
    const term = (j) => Math.pow(first, 2 * j + 1) / (1 - (1 - decay) * Math.pow(momentum, 2 * j + 1));
    let low = 0, estimate = 0, most = -Infinity;
    law.leading.forEach((c, j) => { low += c * term(j); });
    law.tail.forEach((c, j) => {
      const one = term(j + law.leading.length);
      estimate += c * one;
      most = Math.max(most, one);
    });
    return [low, low + estimate, low + law.mass * most];
  }

  function angle(lost) {
    return 2 * Math.asin(Math.sqrt(lost / 2));
  }

  /* The equilibrium with the fields of theory.MuonPrediction that do not belong to Newton-Schulz. */
  function predictMuon(given, { nesterov = true, scale = "original" } = {}) {
    const chosen = SMD.complete("muon", data.muon.parameters, given);
    const { lr, wd, momentum, rows, cols } = chosen, [small, large] = [rows, cols].sort((a, b) => a - b);
    const key = `${small}x${large}`, shape = shapes[key];
    if (!shape) {
      throw new OutOfDomain(`rows x cols = ${g(rows)} x ${g(cols)} is not among the shapes of this page, whose sides ` +
        `are ${data.muon.sides.join(", ")}; smd predict muon knows every shape`);
    }
    if (!data.muon.scales.includes(scale)) {
      throw new OutOfDomain(`scale = ${scale} is unknown; known are ${data.muon.scales.join(", ")}`);
    }
    const decay = lr * wd;
    if (!(decay > 0 && decay < 2)) {
      throw new NoEquilibrium(
        `lr*wd = ${g(decay, 12)} is outside (0, 2): the weights grow without bound, so no equilibrium exists`);
    }
    const first = (nesterov ? muon.nesterov : muon.heavy_ball)({ alpha: momentum });
    const terms = first < 1 ? Math.min(MOST_TERMS, 2 ** Math.ceil(Math.log2(DIGITS / (1 - first) + 8))) : MOST_TERMS;
    const law = correlation(key, terms), energy = shape.squared_scales[scale][rows <= cols ? 0 : 1] * small;
    const [low, middle, high] = persistence(law, decay, momentum, first);
    const still = persistence(law, 0, momentum, first)[1];
    const normAt = (S) => Math.sqrt(muon.squared_norm({ eta: lr, p: decay, L: energy, S }));
    const lostAt = (S) => muon.one_minus_cosine({ p: decay, S });
    const lost = lostAt(middle), ordered = (a, b) => [Math.min(a, b), Math.max(a, b)];
    const slow = SMD.slowest(muon.deviations({ p: decay, alpha: momentum }).map((y) => [y, 0]));
    return {
      optimizer: "muon",
      decay: "decoupled",
      hyperparameters: chosen,
      equilibrium_norm: normAt(middle),
      angular_update: angle(lost),
      cos_angular_update: 1 - lost,
      chord: Math.sqrt(2 * lost),
      sine: Math.sqrt(lost * (2 - lost)),
      convergence_rate: SMD.signedMultiplier(slow),
      half_life: SMD.halfLife(slow),
      leading_order: {
        equilibrium_norm: Math.sqrt(lr * lr * energy * (1 + 2 * still) / (2 * decay)),
        angular_update: Math.sqrt(2 * decay / (1 + 2 * still)),
      },
      warnings: warnings(shape, law, small),
      norm_bounds: ordered(normAt(low), normAt(high)),
      angle_bounds: ordered(angle(lostAt(low)), angle(lostAt(high))),
      decay_per_step: decay,
      limit: 2,
    };
  }

  function warnings(shape, law, small) {
    const found = ["the update is the exact polar factor; five Newton-Schulz steps give another length and memory"];
    if (shape.exact) {
      found.push(`norm and angle are numerical inside proved bounds: ${EXACT_TERMS} terms of the correlation's series ` +
        `are exact, its last ${percent(law.mass, 2)} is an estimate`);
    } else {
      found.push(`norm and angle are numerical: above ${EXACT_ROWS} rows and columns the correlation's series is ` +
        `interpolated to its limit, and the bounds hold up to a relative error near ${g(0.01 / small, 1)}`);
    }
    return found;
  }

  const compiled = SMD.predict;

  /* The equilibrium of any name, Muon's among them. */
  function predict(name, given, options = {}) {
    if (name !== "muon") return compiled(name, given, options);
    if (options.decay && options.decay !== "decoupled") {
      throw new OutOfDomain(`decay = ${options.decay} does not apply to muon, whose decay is decoupled`);
    }
    const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));
    return predictMuon(own, options);
  }

  Object.assign(SMD, { predict });
})((window.SMD = window.SMD || {}));
