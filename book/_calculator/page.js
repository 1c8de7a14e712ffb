/* The page itself: schedule, recipe and translation panels, and what happens when a field changes. */
(function (SMD) {
  "use strict";

  const { g, percent } = SMD.numerics;
  const { data, rules } = SMD.derived;
  const F = SMD.fields, P = SMD.panels;
  const { make, digits } = F;
  const { $, written, flags, table, list } = P;
  const { SHAPES, COOLDOWN, DROPS } = data.constants.schedule;
  const MOST_STEPS = 200000, ROWS = 400, WITHIN = 0.05, PAUSE = 150, SPOKEN_AFTER = 700;
  const IN_TRAJECTORY = ["momentum", "dampening", "beta1", "beta2", "dim", "grad_norm"];

  /* --- over a schedule ------------------------------------------------------------------------------------------ */

  const OWN = { linear: ["final"], cosine: ["final"], wsd: ["final", "cooldown"], step: ["drops", "drop_factor"] };

  function rebuildShape() {
    const where = $("smd-shape");
    where.replaceChildren(
      F.select("schedule", "schedule", SHAPES.map((one) => [one, one]), { initial: "cosine" }),
      F.number("steps", "steps", { initial: "20000", hint: `at most ${MOST_STEPS} here`, scale: "steps", whole: true }),
      F.number("warmup", "warmup", { initial: "500", hint: "steps of linear warmup" }),
      make("div", { id: "smd-shape-own" }),
      F.number("start_norm", "start norm", { initial: "1", hint: "a number; empty: the equilibrium of the first step" }));
    let before = null;
    const fields = {
      final: () => F.number("final", "final", { initial: "0.1", hint: "fraction of lr at the end, in [0, 1]" }),
      cooldown: () => F.number("cooldown", "cooldown", { initial: String(COOLDOWN), hint: "fraction of the steps that decay" }),
      drops: () => F.number("drops", "drops", {
        initial: DROPS.map((x) => g(x, 3)).join(", "), hint: "fractions of the steps at which lr drops, with commas",
      }),
      drop_factor: () => F.number("drop_factor", "drop factor", { initial: "10", hint: "what a drop divides lr by" }),
    };
    const rebuild = () => {
      if (before === F.text("schedule")) return;
      before = F.text("schedule");
      $("smd-shape-own").replaceChildren(...(OWN[before] || []).map((name) => fields[name]()));
    };
    rebuild();
    F.listeners.push(rebuild);
  }

  function dropsHeld() {
    return F.text("drops").split(",").filter((piece) => piece.trim()).map((piece) => {
      const x = Number(piece);
      if (!Number.isFinite(x)) throw F.mistake("drops", `drops = ${piece.trim()} is not a number`);
      return x;
    });
  }

  /* The schedule's options by the names of smd trajectory. */
  function shapeHeld() {
    const kind = F.text("schedule"), found = { kind, steps: F.required("steps", "steps"), options: {} };
    found.options.warmup = F.read("warmup", "warmup") || 0;
    for (const name of OWN[kind] || []) {
      found.options[name] = name === "drops" ? dropsHeld() : F.required(name, name);
    }
    if (found.steps > MOST_STEPS) {
      throw F.mistake("steps", `steps = ${found.steps} is more than ${MOST_STEPS}, the most on this page; ` +
        "smd trajectory goes further");
    }
    found.start = F.read("start_norm", "start norm");
    if (found.start !== null && !(found.start > 0)) {
      throw F.mistake("start_norm", `start norm = ${g(found.start)} is outside its range (0, inf)`);
    }
    return found;
  }

  function trajectoryHeld() {
    const { name, decay, given } = P.held();
    if (name === "muon") throw new SMD.OutOfDomain("optimizer = muon has no trajectory: its memory is not iterated here");
    const { rule } = SMD.choose(name, decay), own = {}, notes = [];
    for (const [key, x] of Object.entries(given)) {
      const lags = key === "beta2" && data.lagging.includes(rule);
      if (key === "lr" || key === "wd" || key === "at_step") continue;
      if (data.refining.includes(key) && rule in data.refined && !lags) {
        notes.push(`${key} does not enter here: v stands at its instantaneous mean`);
      } else own[key] = x;
    }
    if (rule in data.refined && own.beta2 === undefined) notes.push("v stands at its instantaneous mean" +
      (data.lagging.includes(rule) ? "; give beta2 for PyTorch's, which lags behind 1/|w|^2" : ""));
    else if (own.beta2 !== undefined && data.lagging.includes(rule)) {
      notes.push("v is the same for every coordinate and lags behind 1/|w|^2, with bias correction; its fluctuations, " +
        "of relative size 1 - beta2, are neglected");
    }
    return { name, decay, rule, lr: given.lr, wd: given.wd, own, notes };
  }

  function runTexts({ name, decay, lr, wd, own }, { kind, steps, options, start }) {
    const [decayPython, decayFlag] = P.nameAndDecay({ name, decay });
    const from = start === null ? "equilibrium" : start;
    const python = Object.entries(options).map(([key, x]) => `${key}=${Array.isArray(x) ? `[${x.join(", ")}]` : x}`);
    const shell = Object.entries(options).map(([key, x]) => `--${key.replace("_", "-")} ${Array.isArray(x) ? x.join(",") : x}`);
    const texts = {
      Python: `from smd.trajectory import trajectory\n\nrun = trajectory("${name}"${decayPython}, schedule="${kind}", ` +
        `lr=${lr}, wd=${wd}, steps=${steps}, start_norm=${start === null ? '"equilibrium"' : start}, ` +
        `${python.concat(written(own) || []).join(", ")})\nrun.trajectory.norm, run.trajectory.angle`,
    };
    if (Object.keys(own).every((key) => IN_TRAJECTORY.includes(key))) {
      texts["command line"] = `smd trajectory ${name}${decayFlag} --lr ${lr} --wd ${wd} --schedule ${kind} --steps ${steps} ` +
        `--start-norm ${from} ${shell.join(" ")} ${flags(own)}`.trimEnd();
    }
    texts.link = F.permalink;
    return texts;
  }

  function overSchedule() {
    const section = $("smd-schedule"), figures = [$("smd-norm-curve"), $("smd-angle-curve")];
    const rest = [...figures, $("smd-run-notes"), $("smd-run-copies")];
    let own, plan, found;
    try {
      own = trajectoryHeld();
    } catch (wrong) {
      if (!(wrong instanceof SMD.OutOfDomain)) throw wrong;
      const why = wrong.field ? "No curves: see the field that is marked above." : wrong.message;
      F.clear(section);
      $("smd-run").replaceChildren(make("p", { class: "smd-none" }, why));
      rest.forEach((where) => where.replaceChildren());
      return null;
    }
    try {
      plan = shapeHeld();
      const { drop_factor: dropFactor = 10, ...options } = plan.options;
      const shape = Object.assign({ dropFactor, decay: own.decay }, options);
      found = SMD.trace(own.rule, plan.kind, own.lr, own.wd, plan.steps, shape, plan.start, own.own);
    } catch (wrong) {
      return P.refused(section, wrong, "", [$("smd-run")], rest);
    }
    F.clear(section);
    const last = plan.steps - 1, at = [...new Set(Array.from({ length: Math.min(ROWS, plan.steps) },
      (_, k) => Math.round(k * last / Math.max(1, Math.min(ROWS, plan.steps) - 1))))];
    const guide = at.map((t) => SMD.adiabatic(own.rule, found.schedule.lr[t], found.schedule.wd[t], found.chosen));
    let peak = 0;
    found.angle.forEach((one, t) => { if (one > found.angle[peak]) peak = t; });
    const away = at.findLastIndex((t, k) => !(Math.abs(found.angle[t] / guide[k][1] - 1) <= WITHIN));
    const settled = away + 1 < at.length ? `from about step ${at[away + 1]}` : "not at the end";
    $("smd-run").replaceChildren(table([
      ["largest angle", `${digits(found.angle[peak])} rad, at step ${peak}`],
      [`within ${percent(WITHIN)} of its equilibrium`, settled],
      ["norm at the end", digits(found.norm[plan.steps])],
    ]));
    const steps = Array.from({ length: plan.steps }, (_, t) => t);
    for (const [figure, values, column, yLabel] of [
      [figures[0], found.norm.slice(0, -1), 0, "norm"], [figures[1], found.angle, 1, "angle a step (rad)"],
    ]) {
      SMD.chart(figure, {
        label: `${yLabel} over ${plan.steps} steps, from ${digits(values[0])} to ${digits(values[values.length - 1])}`,
        xLabel: "step", yLabel,
        series: [
          { label: "motion", x: steps, y: values },
          { label: "equilibrium of each step's lr and wd", x: at, y: guide.map((pair) => pair[column]), guide: true },
        ],
      });
    }
    const hypotheses = SMD.isLagging(own.rule, found.chosen)
      ? ["gradients are scale-invariant, white in time, E|g|^2 = L/|w|^2", "eps = 0"]
      : rules[own.rule].DESCRIPTION.hypotheses;
    $("smd-run-notes").replaceChildren(make("p", { class: "smd-name" }, "The second moments are iterated step by step, where"),
      list([...hypotheses, ...own.notes]));
    F.copies($("smd-run-copies"), runTexts(own, plan));
    return `largest angle ${g(found.angle[peak], 3)} radians at step ${peak}, within ${percent(WITHIN)} of equilibrium ${settled}`;
  }

  /* --- a recipe ------------------------------------------------------------------------------------------------- */

  function recipeOfFields() {
    const { name, decay, given } = P.held(), { kind, steps, options, start } = shapeHeld();
    if (name === "muon") throw new SMD.OutOfDomain("optimizer = muon has no recipe check: its memory is not iterated here");
    const { rule } = SMD.choose(name, decay);
    const lines = [`optimizer: ${rule}`, `lr: ${given.lr}`, `wd: ${given.wd}`];
    if (data.constants.recipes.OTHER_DECAYS.includes(decay)) lines.push(`decay: ${decay}`);
    for (const [key, x] of Object.entries(given)) if (key !== "lr" && key !== "wd") lines.push(`${key}: ${x}`);
    lines.push(`steps: ${steps}`, "schedule:", `  name: ${kind}`, `  warmup: ${options.warmup}`);
    if ("final" in options) lines.push(`  final: ${options.final}`);
    if ("cooldown" in options) lines.push(`  cooldown: ${Math.max(1, Math.round(options.cooldown * steps))}`);
    if ("drops" in options) {
      lines.push(`  drops: [${options.drops.map((x) => Math.max(1, Math.round(x * steps))).join(", ")}]`,
        `  factor: ${Number((1 / options.drop_factor).toPrecision(12))}`);
    }
    if (start !== null) lines.push(`start_norm: ${start}`);
    return `${lines.join("\n")}\n`;
  }

  const EXAMPLE = "optimizer: adamw\nlr: 0.001\nwd: 0.1\nbeta1: 0.9\nsteps: 20000\n" +
    "schedule:\n  name: cosine\n  warmup: 500\n  final: 0.1\n";

  function fillRecipe() {
    try {
      F.set("recipe", recipeOfFields());
    } catch (wrong) {
      if (!(wrong instanceof SMD.OutOfDomain)) throw wrong;
      F.blame($("smd-recipe"), Object.assign(wrong, { field: "recipe" }), "");
    }
  }

  function aboutRecipe() {
    const section = $("smd-recipe"), figures = [$("smd-recipe-angle"), $("smd-recipe-norm")], text = F.text("recipe");
    let found;
    try {
      found = SMD.explain(text);
    } catch (wrong) {
      if (wrong instanceof SMD.OutOfDomain) wrong.field = "recipe";
      return P.refused(section, wrong, "", [$("smd-says")], [...figures, $("smd-recipe-copies")]);
    }
    F.clear(section);
    $("smd-says").replaceChildren(list(found.says), make("p", { class: "smd-name" }, "To change"), list(found.change));
    const [one] = found.histories, half = found.half_life;
    const lines = (pick) => found.histories.map((history) => ({
      label: `from ${g(history.start, 3)} times the equilibrium's norm`, x: history.step, y: history[pick],
    }));
    const span = `over ${found.recipe.steps} steps, ${g(found.half_lives, 3)} half-lives of ${g(half, 3)} steps at the peak`;
    SMD.chart(figures[0], {
      label: `angle a step ${span}`, xLabel: "step", yLabel: "angle a step (rad)",
      series: [...lines("angle"), { label: "equilibrium of each learning rate", x: one.step, y: one.equilibrium_angle, guide: true }],
    });
    SMD.chart(figures[1], {
      label: `norm over the peak's equilibrium ${span}`, xLabel: "step", yLabel: "norm / peak's equilibrium",
      series: [...lines("norm"), { label: "learning rate over its peak", x: one.step, y: one.share, guide: true }],
    });
    F.copies($("smd-recipe-copies"), {
      "recipe.yaml": text,
      Python: 'from pathlib import Path\n\nfrom smd import explain, read_recipe\n\nfound = explain(read_recipe(Path("recipe.yaml")))\nfound.says, found.change',
      "command line": "smd explain recipe.yaml",
      link: F.permalink,
    });
    return found.says.slice(0, 2).join(". ");
  }

  function dropRecipes(input) {
    for (const name of ["dragover", "drop"]) input.addEventListener(name, (event) => event.preventDefault());
    input.addEventListener("drop", (event) => {
      const [file] = event.dataTransfer.files;
      if (!file) F.set("recipe", event.dataTransfer.getData("text"));
      else if (file.size > 1e5) F.set("recipe", `# ${file.name} is too long for a recipe\n`);
      else {
        const reader = new FileReader();
        reader.onload = () => F.set("recipe", reader.result);
        reader.readAsText(file);
      }
    });
  }

  /* --- from one optimizer to another ----------------------------------------------------------------------------- */

  const SHAPED = ["rows", "cols"];

  function rebuildTarget() {
    $("smd-to-names").replaceChildren(
      F.select("to-optimizer", "to", P.names().map((one) => [one, P.titleOf(one)]), { initial: "lion" }),
      make("div", { id: "smd-to-decay" }),
      F.select("match", "match", [["angle", "angle"], ["half_life", "half-life"], ["angle,half_life", "angle and half-life"]],
        { hint: "both: a momentum of the target is set free" }),
      F.select("keep", "keep", [["norm", "norm"], ["lr", "lr"], ["wd", "wd"]], { hint: "what stays while lr*wd is split" }),
      F.number("batch", "batch", { initial: "1", scale: "batch", hint: "factor by which the batch grows" }));
    let before = null;
    const rebuild = () => {
      const name = F.text("to-optimizer"), from = F.text("optimizer");
      if (!before || before.split(" ")[0] !== name) {
        const options = P.decaysOf(name).filter((one) => ["coupled", "decoupled"].includes(one)).map((one) => [one, P.DECAYS[one]]);
        $("smd-to-decay").replaceChildren(F.select("to-decay", "its weight decay", options, { initial: P.preferred(name) }));
      }
      const decay = F.text("to-decay"), key = `${name} ${decay} ${from} ${F.text("decay")}`;
      if (key === before) return;
      before = key;
      const shared = SMD.parametersOf(from, F.text("decay")).map((p) => p.name);
      const known = name === "muon" || from === "muon" ? ["dim"] : [];
      const skip = ["lr", "wd", ...known, ...[...Object.keys(data.noise), ...SHAPED].filter((one) => shared.includes(one))];
      const fields = P.parameterFields(name, decay, "to-", skip);
      $("smd-to-parameters").replaceChildren(...fields.filter((field) => !["to-form", "to-scale"].includes(field.dataset.field)));
    };
    rebuild();
    F.listeners.push(rebuild);
  }

  function translationHeld() {
    const source = P.held(), target = F.text("to-optimizer"), toDecay = F.text("to-decay"), to = {};
    const given = Object.assign({}, source.given);
    for (const p of SMD.parametersOf(target, toDecay)) {
      const x = F.read(`to-${p.name}`, `to-${p.name}`);
      if (x === null) continue;
      SMD.check(Object.assign({}, p, { name: `to-${p.name}` }), x);
      if (p.name in data.noise || SHAPED.includes(p.name)) given[p.name] = x;
      else if (!(F.text("match") === "angle,half_life" && data.constants.translating.MOMENTA.includes(p.name))) to[p.name] = x;
    }
    if (target === "muon" || source.name === "muon") delete given.dim;
    const rule = (name, decay) => (name === "muon" ? name : SMD.choose(name, decay).rule);
    if (!["coupled", "decoupled"].includes(source.decay)) {
      throw new SMD.OutOfDomain(`decay = ${source.decay} is no coefficient of lr*wd; translate it as decoupled decay first`);
    }
    return {
      source: rule(source.name, source.decay), target: rule(target, toDecay), given,
      options: { match: F.text("match"), keep: F.text("keep"), batch: F.required("batch", "batch"), to },
    };
  }

  function translationTexts({ source, target, given, options }) {
    const { match, keep, batch, to } = options;
    const own = Object.keys(to).length ? `, to={${Object.entries(to).map(([name, x]) => `"${name}": ${x}`).join(", ")}}` : "";
    const toFlags = Object.entries(to).map(([name, x]) => `--to-${name.replace("_", "-")} ${x}`).join(" ");
    return {
      Python: `from smd import translate\n\ntranslate("${source}", "${target}", match="${match}", keep="${keep}", ` +
        `batch=${batch}${own}, ${written(given)})`,
      "command line": `smd translate ${source} ${target} ${flags(given)} ${toFlags} --match ${match.replace("_", "-")} ` +
        `--keep ${keep} --batch ${batch}`.replace(/ +/g, " "),
      link: F.permalink,
    };
  }

  function translation() {
    const section = $("smd-translation"), rest = [$("smd-translated-copies")];
    let own, found;
    try {
      own = translationHeld();
      found = SMD.translate(own.source, own.target, own.given, own.options);
    } catch (wrong) {
      if (wrong instanceof SMD.OutOfDomain && wrong.field && !section.contains($(wrong.field))) {
        return P.refused(section, new SMD.OutOfDomain("No numbers: see the field that is marked above."), "to-", [$("smd-translated")], rest);
      }
      return P.refused(section, wrong, "to-", [$("smd-translated")], rest);
    }
    F.clear(section);
    const { source, target, wanted, ratios } = found, hyper = new Set([
      ...Object.keys(source.hyperparameters), ...Object.keys(target.hyperparameters)]);
    const cell = (x) => (x === undefined ? "" : x === null ? "none" : digits(x));
    $("smd-translated").replaceChildren(
      table([
        ...[...hyper].map((name) => [name, cell(source.hyperparameters[name]), cell(target.hyperparameters[name]), ""]),
        ...[["angle a step (rad)", "angle"], ["half-life (steps)", "half_life"], ["norm", "norm"]].map(([label, name]) => [
          label, digits(source[SMD.QUANTITIES[name]]), digits(target[SMD.QUANTITIES[name]]),
          `${ratios[name] === null ? "none" : g(ratios[name], 4)}${wanted[name] === source[SMD.QUANTITIES[name]] ? "" : ` of ${digits(wanted[name])}`}`,
        ]),
      ], ["quantity", source.optimizer, target.optimizer, "over wanted"]),
      ...(found.notes.length ? [list(found.notes, "smd-mind")] : []),
      ...(target.warnings.length ? [list(target.warnings, "smd-mind")] : []));
    F.copies($("smd-translated-copies"), translationTexts(own));
    return `${target.optimizer}: lr ${digits(target.hyperparameters.lr)}, wd ${digits(target.hyperparameters.wd)}`;
  }

  /* --- wiring --------------------------------------------------------------------------------------------------- */

  const spoken = {};

  function speak(id, words) {
    clearTimeout(spoken[id]);
    if (words) spoken[id] = setTimeout(() => { $(`${id}-spoken`).textContent = words; }, SPOKEN_AFTER);
  }

  function words(result) {
    if (!result) return "no equilibrium, or a value outside its range: see the message";
    const { found } = result;
    return `${found.optimizer}: norm ${g(found.equilibrium_norm, 3)}, angle ${g(found.angular_update, 3)} radians, ` +
      `half-life ${g(found.half_life, 3)} steps`;
  }

  let latest = 0;
  const rest = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  /* The numbers at once; what takes longer when the fields rest, a panel at a time. */
  async function update() {
    const mine = latest += 1;
    document.documentElement.dataset.smd = "busy";
    speak("smd-numbers", words(P.equilibrium()));
    await rest(PAUSE);
    for (const [id, panel] of [["smd-run", overSchedule], ["smd-says", aboutRecipe], ["smd-translated", translation]]) {
      if (mine !== latest) return;
      speak(id, panel());
      await rest(0);
    }
    if (mine === latest) document.documentElement.dataset.smd = "ready";
  }

  function start() {
    if (!$("smd-equilibrium")) return;
    F.restore();
    P.rebuildNames();
    rebuildShape();
    dropRecipes(F.area("recipe", EXAMPLE));
    rebuildTarget();
    $("recipe-fill").addEventListener("click", fillRecipe);
    F.listeners.push(update, F.keepLink);
    update();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})((window.SMD = window.SMD || {}));
