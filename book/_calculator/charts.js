/* Line charts as SVG in the page's own colours; the same numbers are in words beside them. */
(function (SMD) {
  "use strict";

  const { g } = SMD.numerics;
  const NAMESPACE = "http://www.w3.org/2000/svg";
  const HEIGHT = 260, MARGIN = { top: 10, right: 26, bottom: 40, left: 70 }, MOST_POINTS = 500;

  function element(name, attributes, parent) {
    const found = document.createElementNS(NAMESPACE, name);
    for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
    if (parent) parent.appendChild(found);
    return found;
  }

  /* Indices of at most MOST_POINTS points, the extremes of each stretch among them. */
  function thinned(values) {
    const n = values.length;
    if (n <= MOST_POINTS) return Array.from(values, (_, i) => i);
    const found = new Set([0, n - 1]), bins = MOST_POINTS / 2;
    for (let bin = 0; bin < bins; bin++) {
      const first = Math.floor(bin * n / bins), after = Math.floor((bin + 1) * n / bins);
      let low = first, high = first;
      for (let i = first; i < after; i++) {
        if (values[i] < values[low]) low = i;
        if (values[i] > values[high]) high = i;
      }
      found.add(low).add(high);
    }
    return [...found].sort((a, b) => a - b);
  }

  const short = (x) => (x && (x < 0.01 || x >= 1e5) ? x.toExponential().replace("e+", "e") : g(x));

  function tickStep(span, count) {
    const rough = span / count, power = Math.pow(10, Math.floor(Math.log10(rough)));
    return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  }

  /* Ticks of a logarithmic axis: powers of ten, with 2 and 5 where there is room, or even steps within a decade. */
  function logTicks(low, high) {
    if (high / low < 3) return linearTicks(low, high, 4);
    const decades = Math.log10(high / low), factors = decades < 1.6 ? [1, 2, 5] : [1];
    const every = Math.max(1, Math.ceil(decades / 6)), found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      if (power % every) continue;
      for (const factor of factors) {
        const tick = Number(`${factor}e${power}`);
        if (tick >= low * 0.999 && tick <= high * 1.001) found.push(tick);
      }
    }
    return found;
  }

  function linearTicks(low, high, count) {
    const step = tickStep(high - low, count), found = [];
    for (let k = Math.ceil(low / step); k * step <= high * (1 + 1e-9); k++) found.push(Number((k * step).toPrecision(12)));
    return found;
  }

  const widthOf = (figure) => Math.max(280, figure.parentElement.clientWidth);

  /* Draw { label, x label, y label, series: [{ label, x, y, guide }] } into a figure; guides are dashed. */
  function chart(figure, { label, xLabel, yLabel, series }) {
    figure.smdChart = { label, xLabel, yLabel, series };
    figure.textContent = "";
    figure.classList.add("smd-chart");
    const width = widthOf(figure);
    watcher.observe(figure.parentElement);
    const svg = element("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img" }, figure);
    svg.setAttribute("aria-label", label);
    const usable = (y) => Number.isFinite(y) && y > 0;
    const ys = series.flatMap((one) => Array.from(one.y).filter(usable));
    if (!ys.length) return;
    let low = ys.reduce((a, b) => Math.min(a, b)), high = ys.reduce((a, b) => Math.max(a, b));
    if (high / low < 1.2) { low /= 1.1; high *= 1.1; } else { low /= 1.05; high *= 1.05; }
    const xMost = Math.max(1, ...series.map((one) => one.x[one.x.length - 1]));
    const right = width - MARGIN.right, bottom = HEIGHT - MARGIN.bottom;
    const xAt = (x) => MARGIN.left + (right - MARGIN.left) * x / xMost;
    const yAt = (y) => bottom - (bottom - MARGIN.top) * Math.log(y / low) / Math.log(high / low);
    for (const tick of logTicks(low, high)) {
      element("line", { x1: MARGIN.left, x2: right, y1: yAt(tick), y2: yAt(tick), class: "smd-grid" }, svg);
      text(svg, short(tick), MARGIN.left - 6, yAt(tick) + 4, "end");
    }
    for (const tick of linearTicks(0, xMost + 1, width < 480 ? 3 : 6)) {
      element("line", { x1: xAt(tick), x2: xAt(tick), y1: bottom, y2: bottom + 4, class: "smd-axis" }, svg);
      text(svg, short(tick), xAt(tick), bottom + 17, "middle");
    }
    element("path", { d: `M${MARGIN.left} ${MARGIN.top}V${bottom}H${right}`, class: "smd-axis" }, svg);
    text(svg, xLabel, (MARGIN.left + right) / 2, HEIGHT - 5, "middle");
    const side = text(svg, yLabel, 0, 0, "middle");
    side.setAttribute("transform", `translate(13 ${(MARGIN.top + bottom) / 2}) rotate(-90)`);
    const legend = document.createElement("figcaption");
    series.forEach((one, i) => {
      let path = "", pen = "M";
      for (const k of thinned(one.y)) {
        if (usable(one.y[k])) {
          path += `${pen}${xAt(one.x[k]).toFixed(1)} ${yAt(one.y[k]).toFixed(1)}`;
          pen = "L";
        } else {
          pen = "M";
        }
      }
      const style = one.guide ? "smd-guide" : `smd-line smd-line-${i}`;
      element("path", { d: path, class: style }, svg);
      const entry = document.createElement("span"), key = element("svg", { width: 28, height: 10, "aria-hidden": "true" });
      element("path", { d: "M1 5H27", class: style }, key);
      entry.append(key, one.label);
      legend.append(entry);
    });
    figure.append(legend);
  }

  function text(svg, content, x, y, anchor) {
    const found = element("text", { x, y, "text-anchor": anchor, class: "smd-text" }, svg);
    found.textContent = content;
    return found;
  }

  /* Text keeps its size: a chart is drawn again where its panel becomes wider or narrower. */
  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      for (const figure of target.querySelectorAll(".smd-chart")) {
        const svg = figure.querySelector("svg");
        if (svg && svg.getAttribute("width") !== String(widthOf(figure))) chart(figure, figure.smdChart);
      }
    }
  });

  SMD.chart = chart;
})((window.SMD = window.SMD || {}));
