/* The panels of the page: what stands in the fields, what is computed from it, and how it is shown. */
(function (SMD) {
  "use strict";

  const { g } = SMD.numerics;
  const { data, rules, latex } = SMD.derived;
  const F = SMD.fields;
  const { make, digits } = F;
  const $ = (id) => document.getElementById(id);

  const DECAYS = {
    coupled: "coupled: wd*w joins the gradient (L2)",
    decoupled: "decoupled: factor 1 - lr*wd",
    independent: "independent: factor 1 - wd",
    corrected: "corrected: factor 1 - lr*wd*(lr/lr_max)",
  };

  /* --- names and parameters ------------------------------------------------------------------------------------ */

  function titleOf(name) {
    if (name === "muon") return data.muon.title;
    return Object.values(data.forms[name]).map((rule) => rules[rule].DESCRIPTION.title).join(" / ");
  }

  const names = () => [...Object.keys(data.forms), "muon"];

  function decaysOf(name) {
    if (name === "muon") return ["decoupled"];
    const own = Object.keys(data.forms[name]);
    return own.includes("decoupled") ? [...own, "independent", "corrected"] : own;
  }

  function preferred(name) {
    return decaysOf(name).includes("decoupled") && !["sgd", "sgdm", "nesterov"].includes(name)
      ? "decoupled" : decaysOf(name)[0];
  }

  /* The fields of a rule's hyper-parameters; ids are the names behind a prefix. */
  function parameterFields(name, decay, prefix, skip = []) {
    const refining = name !== "muon" && SMD.choose(name, decay).rule in data.refined;
    const found = [];
    for (const p of SMD.parametersOf(name, decay)) {
      if (skip.includes(p.name)) continue;
      if (p.name === "rows" || p.name === "cols") {
        found.push(F.select(prefix + p.name, p.name, data.muon.sides.map((side) => [side, side]),
          { initial: 1024, hint: p.meaning }));
        continue;
      }
      const optional = p.optional || (refining && data.refining.includes(p.name));
      const initial = optional ? "" : F.DEFAULTS[p.name] || (p.default === null ? "" : String(p.default));
      const scale = p.name in F.SCALES ? p.name : p.high === 1 ? "share" : null;
      const absent = p.name === "beta2" ? "empty: v at its mean" : p.name === "kurtosis" ? "empty: not known" : "empty: the limit";
      const hint = `${p.meaning}, in ${SMD.range(p)}${optional ? `; ${absent}` : ""}`;
      found.push(F.number(prefix + p.name, p.name, { initial, hint, scale, whole: p.whole }));
      if (p.name === "wd" && decay === "corrected") {
        found.push(F.number(`${prefix}lr_max`, "lr_max", {
          initial: F.DEFAULTS.lr_max, scale: "lr_max", hint: "largest learning rate of the schedule",
        }));
      }
    }
    if (name === "muon") {
      found.push(F.select(`${prefix}form`, "momentum's form", [["nesterov", "Nesterov"], ["heavy", "heavy ball"]]));
      found.push(F.select(`${prefix}scale`, "scale", data.muon.scales.map((one) => [one, one])));
    }
    return found;
  }

  /* { name, decay, given, options } as the fields hold them. */
  function held(prefix = "") {
    const name = F.text(`${prefix}optimizer`), decay = F.text(`${prefix}decay`), given = {}, options = { decay };
    for (const p of SMD.parametersOf(name, decay)) {
      const x = F.read(prefix + p.name, p.name);
      if (x !== null) given[p.name] = SMD.check(p, x);
      else if (!prefix && !p.optional && p.default === null) throw F.mistake(p.name, `${p.name} is missing`);
    }
    if (decay === "corrected" && !prefix) options.lrMax = F.required("lr_max", "lr_max");
    if (name === "muon") {
      options.nesterov = F.text(`${prefix}form`) !== "heavy";
      options.scale = F.text(`${prefix}scale`);
    }
    return { name, decay, given, options };
  }

  function rebuildNames() {
    const name = () => F.text("optimizer");
    $("smd-names").replaceChildren(F.select("optimizer", "optimizer", names().map((one) => [one, titleOf(one)]), {
      initial: "adam",
    }));
    $("smd-names").append(make("div", { id: "smd-decay" }));
    let before = null;
    const rebuild = () => {
      const key = `${name()} ${F.text("decay")}`;
      if (key === before) return;
      if (!before || before.split(" ")[0] !== name()) {
        const options = decaysOf(name()).map((one) => [one, DECAYS[one]]);
        const kept = decaysOf(name()).includes(F.text("decay")) ? F.text("decay") : null;
        $("smd-decay").replaceChildren(F.select("decay", "weight decay", options, { initial: kept || preferred(name()) }));
      }
      before = `${name()} ${F.text("decay")}`;
      $("smd-parameters").replaceChildren(...parameterFields(name(), F.text("decay"), ""));
    };
    rebuild();
    F.listeners.push(rebuild);
  }

  /* --- what can be copied --------------------------------------------------------------------------------------- */

  const option = (name) => `--${name.replace(/_/g, "-")}`;
  const written = (given) => Object.entries(given).map(([name, x]) => `${name}=${x}`).join(", ");
  const flags = (given) => Object.entries(given).map(([name, x]) => `${option(name)} ${x}`).join(" ");

  function nameAndDecay({ name, decay }) {
    if (name === "muon") return ["", ""];
    return [`, decay="${decay}"`, ` --decay ${decay}`];
  }

  function muonOptions({ name, options }) {
    if (name !== "muon") return ["", ""];
    const form = options.nesterov ? "--nesterov" : "--heavy-ball";
    return [`, nesterov=${options.nesterov ? "True" : "False"}, scale="${options.scale}"`, ` ${form} --scale ${options.scale}`];
  }

  function predictTexts(own, found) {
    const [decayPython, decayFlag] = nameAndDecay(own), [muonPython, muonFlag] = muonOptions(own);
    const peak = own.options.lrMax === undefined ? {} : { lr_max: own.options.lrMax };
    const all = Object.assign({}, own.given, peak);
    return {
      Python: `from smd import predict\n\npredict("${own.name}"${decayPython}, ${written(all)}${muonPython})`,
      "command line": `smd predict ${own.name}${decayFlag} ${flags(all)}${muonFlag}`,
      LaTeX: latexOf(found),
      link: F.permalink,
    };
  }

  const power = (x) => g(x, 6).replace(/e([+-])0*(\d+)$/, (_, sign, n) => ` \\cdot 10^{${sign === "-" ? "-" : ""}${n}}`);

  function latexOf(found) {
    const known = latex[found.optimizer];
    const lines = known ? [known.norm, known.angle, ...known.behind] : [];
    lines.push(`\\|w\\| = ${power(found.equilibrium_norm)},\\quad \\theta = ${power(found.angular_update)}`,
      `T_{1/2} = \\frac{\\log\\frac12}{\\log|z|} = ${power(found.half_life)},\\quad |z| = ${power(Math.abs(found.convergence_rate))}`);
    return `\\begin{aligned}\n${lines.map((line) => `& ${line}`).join(" \\\\\n")}\n\\end{aligned}`;
  }

  /* --- the equilibrium ------------------------------------------------------------------------------------------ */

  function table(rows, head) {
    const body = rows.map(([name, ...cells]) => make("tr", {}, make("th", { scope: "row" }, name),
      ...cells.map((cell) => make("td", {}, cell))));
    const top = head ? [make("thead", {}, make("tr", {}, ...head.map((one) => make("th", { scope: "col" }, one))))] : [];
    return make("table", { class: "smd-table" }, ...top, make("tbody", {}, ...body));
  }

  const list = (lines, kind = "") => make("ul", { class: kind }, ...lines.map((line) => make("li", {}, line)));

  function hypothesesOf(optimizer) {
    const { convention, hypotheses } = optimizer === "muon" ? data.muon : rules[optimizer].DESCRIPTION;
    return [convention, ...hypotheses];
  }

  function approximations(found) {
    const lines = found.warnings.slice();
    if (data.correlated.includes(found.optimizer)) {
      lines.push("the series T is summed until a proved bound on its rest is below " +
        `${g(data.constants.summation.TOLERANCE)} of the sum`);
    }
    const wide = data.constants.explaining.WIDE;
    if (found.angular_update > wide) lines.push(`the angle is above ${g(wide)} rad: a step is no small one`);
    if (found.norm_bounds) {
      lines.push(`norm within [${found.norm_bounds.map((x) => digits(x)).join(", ")}], angle within ` +
        `[${found.angle_bounds.map((x) => digits(x)).join(", ")}]`);
    }
    return lines;
  }

  const apart = (leading, exact) => `${digits(leading)} (${g(100 * (leading / exact - 1), 2)} %)`;

  let typeset = "";

  function showFormula(optimizer) {
    if (typeset === optimizer) return;
    typeset = optimizer;
    const known = latex[optimizer], where = $("smd-formula");
    where.replaceChildren(...(known ? [known.norm, known.angle, ...known.behind] : []).map((line) => make("div", {}, `\\[${line}\\]`)));
    const show = () => window.MathJax.typesetPromise([where]).catch(() => {});
    if (window.MathJax && window.MathJax.typesetPromise) show();
    else window.addEventListener("load", () => window.MathJax && window.MathJax.typesetPromise && show());
  }

  function equilibrium() {
    const section = $("smd-equilibrium");
    let own, found;
    try {
      own = held();
      found = SMD.predict(own.name, own.given, own.options);
    } catch (wrong) {
      return refused(section, wrong, "", [$("smd-numbers")], [$("smd-hypotheses"), $("smd-copies")]);
    }
    F.clear(section);
    const { leading_order: leading } = found;
    const title = found.optimizer === "muon" ? data.muon.title : rules[found.optimizer].DESCRIPTION.title;
    $("smd-numbers").replaceChildren(
      make("p", { class: "smd-title" }, title),
      table([
        ["norm", digits(found.equilibrium_norm), apart(leading.equilibrium_norm, found.equilibrium_norm)],
        ["angle a step", `${digits(found.angular_update)} rad = ${digits(found.angular_update * 180 / Math.PI)}°`,
          `${apart(leading.angular_update, found.angular_update)} rad`],
        ["half-life", `${digits(found.half_life)} steps`, ""],
        ["multiplier a step", g(found.convergence_rate, 10), ""],
        ["decay a step", digits(found.decay_per_step), Number.isFinite(found.limit) ? `must be below ${g(found.limit)}` : ""],
      ], ["at equilibrium", "exact", "leading order"]));
    showFormula(found.optimizer);
    $("smd-hypotheses").replaceChildren(
      make("p", { class: "smd-name" }, "These numbers hold where"), list(hypothesesOf(found.optimizer)),
      ...(approximations(found).length ? [make("p", { class: "smd-name" }, "Mind"), list(approximations(found), "smd-mind")] : []));
    F.copies($("smd-copies"), predictTexts(own, found));
    return { own, found };
  }

  /* One line where the mistake is; nothing that is no longer true stays on the page. */
  function refused(section, wrong, prefix, says, empty) {
    if (!(wrong instanceof SMD.OutOfDomain)) throw wrong;
    const near = F.blame(section, wrong, prefix);
    for (const where of says) {
      where.replaceChildren(make("p", { class: near ? "smd-none" : "smd-none smd-error" },
        near ? "No numbers: see the field that is marked." : wrong.message));
    }
    for (const where of empty) where.replaceChildren();
    return null;
  }

  SMD.panels = { $, rebuildNames, parameterFields, held, equilibrium, refused, table, list, names, titleOf, decaysOf };
  Object.assign(SMD.panels, { preferred, DECAYS, nameAndDecay, written, flags });
})((window.SMD = window.SMD || {}));
