/* Numerical pieces that know no optimizer: roots, eigenvalues, series, bisection; and how Python prints numbers. */
(function (SMD) {
  "use strict";

  class OutOfDomain extends Error {}
  class NoEquilibrium extends OutOfDomain {}
  class Unreachable extends OutOfDomain {}

  /* Python's format(x, ".<digits>g"). */
  function g(x, digits = 6) {
    if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
    if (x === 0) return "0";
    const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
    const power = Number(exponent);
    const short = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
    if (power >= -4 && power < digits) return short(x.toFixed(digits - 1 - power));
    return `${short(mantissa)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }

  function percent(x, digits = 0) {
    return `${(x * 100).toFixed(digits)}%`;
  }

  function isClose(a, b, relative) {
    return a === b || Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b));
  }

  /* Roots of a real polynomial, highest power first, as pairs [re, im]; see theory.prediction._roots. */
  function roots(coefficients) {
    let c = coefficients.slice();
    while (c.length > 1 && c[0] === 0) c = c.slice(1);
    if (c.length === 1) return [];
    if (c.length === 2) return [[-c[1] / c[0], 0]];
    if (c.length === 3) {
      const [a, b, last] = c;
      const discriminant = b * b - 4 * a * last;
      if (discriminant >= 0) {
        const large = -(b + (b < 0 || Object.is(b, -0) ? -1 : 1) * Math.sqrt(discriminant)) / 2;
        return [[large / a, 0], [large ? last / large : 0, 0]];
      }
      const imaginary = Math.sqrt(-discriminant) / (2 * a);
      return [[-b / (2 * a), imaginary], [-b / (2 * a), -imaginary]];
    }
    const zeros = [];
    while (c[c.length - 1] === 0) {
      c.pop();
      zeros.push([0, 0]);
    }
    const n = c.length - 1;
    const companion = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => (i === 0 ? -c[j + 1] / c[0] : Number(i === j + 1))));
    return eigenvalues(companion).concat(zeros);
  }

  /* Eigenvalues [re, im] of a real matrix: balanced, brought to Hessenberg form, then QR with double shifts. */
  function eigenvalues(matrix) {
    const a = matrix.map((row) => row.slice());
    if (!a.flat().every(Number.isFinite)) throw new OutOfDomain("a matrix is not finite");
    balance(a);
    hessenberg(a);
    return qr(a);
  }

  function balance(a) {
    const n = a.length;
    for (let done = false; !done;) {
      done = true;
      for (let i = 0; i < n; i++) {
        let row = 0, column = 0;
        for (let j = 0; j < n; j++) {
          if (j === i) continue;
          column += Math.abs(a[j][i]);
          row += Math.abs(a[i][j]);
        }
        if (!row || !column) continue;
        const total = row + column;
        let factor = 1;
        while (column < row / 2) { factor *= 2; column *= 4; }
        while (column > row * 2) { factor /= 2; column /= 4; }
        if ((column + row) / factor < 0.95 * total) {
          done = false;
          for (let j = 0; j < n; j++) a[i][j] /= factor;
          for (let j = 0; j < n; j++) a[j][i] *= factor;
        }
      }
    }
  }

  function hessenberg(a) {
    const n = a.length;
    for (let m = 1; m < n - 1; m++) {
      let pivot = m;
      for (let j = m; j < n; j++) if (Math.abs(a[j][m - 1]) > Math.abs(a[pivot][m - 1])) pivot = j;
      if (pivot !== m) {
        [a[pivot], a[m]] = [a[m], a[pivot]];
        for (const row of a) [row[pivot], row[m]] = [row[m], row[pivot]];
      }
      if (a[m][m - 1] === 0) continue;
      for (let i = m + 1; i < n; i++) {
        const y = a[i][m - 1] / a[m][m - 1];
        if (y === 0) continue;
        for (let j = 0; j < n; j++) a[i][j] -= y * a[m][j];
        for (let j = 0; j < n; j++) a[j][m] += y * a[j][i];
      }
    }
    for (let i = 2; i < n; i++) for (let j = 0; j < i - 1; j++) a[i][j] = 0;
  }

  function qr(a) {
    const found = [];
    const epsilon = 2 ** -52;
    let last = a.length - 1, shifted = 0, iterations = 0;
    while (last >= 0) {
      let low = last;
      for (; low > 0; low--) {
        const size = Math.abs(a[low - 1][low - 1]) + Math.abs(a[low][low]) || norm(a);
        if (Math.abs(a[low][low - 1]) <= epsilon * size) { a[low][low - 1] = 0; break; }
      }
      let x = a[last][last];
      if (low === last) {
        found.push([x + shifted, 0]);
        last -= 1;
        iterations = 0;
        continue;
      }
      let y = a[last - 1][last - 1], w = a[last][last - 1] * a[last - 1][last];
      if (low === last - 1) {
        found.push(...pair(x + shifted, y + shifted, w, (y - x) / 2));
        last -= 2;
        iterations = 0;
        continue;
      }
      if (++iterations > 300) throw new OutOfDomain("eigenvalues do not converge");
      if (iterations % 10 === 0) {
        shifted += x;
        for (let i = 0; i <= last; i++) a[i][i] -= x;
        const size = Math.abs(a[last][last - 1]) + Math.abs(a[last - 1][last - 2]);
        x = y = 0.75 * size;
        w = -0.4375 * size * size;
      }
      sweep(a, low, last, x, y, w);
    }
    return found;
  }

  function norm(a) {
    return a.flat().reduce((sum, entry) => sum + Math.abs(entry), 0);
  }

  /* Eigenvalues of the last two rows: the larger first, the other from the product, which keeps its digits. */
  function pair(x, y, w, p) {
    const q = p * p + w, z = Math.sqrt(Math.abs(q));
    if (q < 0) return [[x + p, z], [x + p, -z]];
    const large = p + (p < 0 ? -z : z);
    return [[x + large, 0], [large ? x - w / large : x, 0]];
  }

  function sweep(a, low, last, x, y, w) {
    let m = last - 2, p, q, r;
    for (; m >= low; m--) {
      const z = a[m][m], left = x - z, right = y - z;
      p = (left * right - w) / a[m + 1][m] + a[m][m + 1];
      q = a[m + 1][m + 1] - z - left - right;
      r = a[m + 2][m + 1];
      const size = Math.abs(p) + Math.abs(q) + Math.abs(r);
      p /= size; q /= size; r /= size;
      if (m === low) break;
      const small = Math.abs(a[m][m - 1]) * (Math.abs(q) + Math.abs(r));
      const large = Math.abs(p) * (Math.abs(a[m - 1][m - 1]) + Math.abs(z) + Math.abs(a[m + 1][m + 1]));
      if (small <= 2 ** -52 * large) break;
    }
    for (let i = m + 2; i <= last; i++) {
      a[i][i - 2] = 0;
      if (i > m + 2) a[i][i - 3] = 0;
    }
    for (let k = m; k < last; k++) {
      let size = 0;
      if (k !== m) {
        p = a[k][k - 1];
        q = a[k + 1][k - 1];
        r = k !== last - 1 ? a[k + 2][k - 1] : 0;
        size = Math.abs(p) + Math.abs(q) + Math.abs(r);
        if (size === 0) continue;
        p /= size; q /= size; r /= size;
      }
      const root = Math.sqrt(p * p + q * q + r * r), s = p < 0 ? -root : root;
      if (k !== m) a[k][k - 1] = -s * size;
      else if (low !== m) a[k][k - 1] = -a[k][k - 1];
      p += s;
      const u = p / s, v = q / s, z = r / s;
      q /= p; r /= p;
      for (let j = k; j <= last; j++) {
        let sum = a[k][j] + q * a[k + 1][j];
        if (k !== last - 1) { sum += r * a[k + 2][j]; a[k + 2][j] -= sum * z; }
        a[k + 1][j] -= sum * v;
        a[k][j] -= sum * u;
      }
      for (let i = low; i <= Math.min(last, k + 3); i++) {
        let sum = u * a[i][k] + v * a[i][k + 1];
        if (k !== last - 1) { sum += z * a[i][k + 2]; a[i][k + 2] -= sum * r; }
        a[i][k + 1] -= sum * q;
        a[i][k] -= sum;
      }
    }
  }

  /* sum_n weight(n) factor(n) until the bound on the tail falls below the tolerance; see theory.summation. */
  function seriesSum(rule, symbol, values, tolerance) {
    const at = Object.assign({}, values, { n: 0 });
    const part = (name) => rule[`${symbol}_${name}`](at);
    const ratioBound = part("ratio_bound");
    let total = 0, weight = part("first_weight");
    for (at.n = 0; at.n < 2 ** 22; at.n++) {
      total += weight * part("factor");
      weight *= part("ratio");
      at.n += 1;
      const bound = weight * part("factor_bound") / (1 - ratioBound);
      at.n -= 1;
      if (bound <= tolerance * Math.abs(total)) return total;
    }
    throw new OutOfDomain("the series needs more terms than are summed on this page");
  }

  /* The sign change of a function between two positive numbers, to the last digit. */
  function bisect(f, low, high) {
    for (;;) {
      let middle = Math.sqrt(low) * Math.sqrt(high);
      if (!(low < middle && middle < high)) middle = (low + high) / 2;
      if (!(low < middle && middle < high)) return low;
      if (f(middle) >= 0) high = middle; else low = middle;
    }
  }

  /* x with A x = b by elimination with pivots. */
  function solveLinear(matrix, right) {
    const n = right.length, a = matrix.map((row, i) => [...row, right[i]]);
    for (let i = 0; i < n; i++) {
      let pivot = i;
      for (let j = i; j < n; j++) if (Math.abs(a[j][i]) > Math.abs(a[pivot][i])) pivot = j;
      [a[i], a[pivot]] = [a[pivot], a[i]];
      for (let j = i + 1; j < n; j++) {
        const ratio = a[j][i] / a[i][i];
        for (let k = i; k <= n; k++) a[j][k] -= ratio * a[i][k];
      }
    }
    const x = new Array(n).fill(0);
    for (let i = n - 1; i >= 0; i--) {
      let rest = a[i][n];
      for (let j = i + 1; j < n; j++) rest -= a[i][j] * x[j];
      x[i] = rest / a[i][i];
    }
    return x;
  }

  Object.assign(SMD, { OutOfDomain, NoEquilibrium, Unreachable });
  SMD.numerics = { g, percent, isClose, roots, eigenvalues, seriesSum, bisect, solveLinear };
})((window.SMD = window.SMD || {}));
