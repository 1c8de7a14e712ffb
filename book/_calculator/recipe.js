/* A recipe as smd explain reads it: the YAML that recipes are written in, and every mistake named; mirrors smd.recipes. */
(function (SMD) {
  "use strict";

  const { OutOfDomain } = SMD;
  const { g } = SMD.numerics;
  const { data, rules } = SMD.derived;
  const { SCHEDULES, OTHER_DECAYS, LONGEST } = data.constants.recipes;

  class BadRecipe extends OutOfDomain {}

  /* --- the part of YAML that recipes need: blocks by indentation, lists and mappings in one line, comments -------- */

  function parse(text) {
    const lines = [];
    text.split(/\r?\n/).forEach((raw, number) => {
      const line = raw.replace(/(^|\s)#.*$/, "$1").trimEnd();
      if (line.trim() && line.trim() !== "---") {
        lines.push({ text: line.trim(), indent: line.length - line.trimStart().length, number: number + 1 });
      }
    });
    const [found, next] = block(lines, 0);
    if (next < lines.length) bad(lines[next]);
    if (found === null || Array.isArray(found)) {
      throw new BadRecipe("a recipe has keys: optimizer, lr, wd, steps, schedule");
    }
    return found;
  }

  function bad({ text, number }) {
    throw new BadRecipe(`line ${number} is no key and value: ${shown(text)}`);
  }

  /* The list or mapping that starts at a line, and the line after it. */
  function block(lines, start) {
    if (start >= lines.length) return [null, start];
    const { indent } = lines[start], isList = /^-(\s|$)/.test(lines[start].text), found = isList ? [] : {};
    let at = start;
    while (at < lines.length && lines[at].indent === indent && /^-(\s|$)/.test(lines[at].text) === isList) {
      const line = lines[at];
      at += 1;
      if (isList) {
        found.push(value(line.text.slice(1)));
        continue;
      }
      const pair = /^([A-Za-z_]\w*)\s*:(?:\s+(.*))?$/.exec(line.text);
      if (!pair) bad(line);
      if (pair[2]) {
        found[pair[1]] = value(pair[2]);
        continue;
      }
      const next = lines[at], deeper = next && (next.indent > indent || (next.indent === indent && next.text[0] === "-"));
      [found[pair[1]], at] = deeper ? block(lines, at) : [null, at];
    }
    return [found, at];
  }

  function value(text) {
    const trimmed = text.trim();
    if (/^\[.*\]$/.test(trimmed)) return pieces(trimmed).map(scalar);
    if (/^\{.*\}$/.test(trimmed)) {
      return Object.fromEntries(pieces(trimmed).map((piece) => {
        const at = piece.indexOf(":");
        if (at < 0) throw new BadRecipe(`${shown(piece)} is no key and value`);
        return [piece.slice(0, at).trim(), value(piece.slice(at + 1))];
      }));
    }
    return scalar(trimmed);
  }

  /* What stands between the commas of a list or mapping; commas inside inner brackets do not count. */
  function pieces(text) {
    const found = [""];
    let depth = 0;
    for (const letter of text.slice(1, -1)) {
      if ("[{".includes(letter)) depth += 1;
      if ("]}".includes(letter)) depth -= 1;
      if (letter === "," && !depth) found.push("");
      else found[found.length - 1] += letter;
    }
    return found.map((piece) => piece.trim()).filter(Boolean);
  }

  function scalar(text) {
    const plain = text.trim().replace(/^(["'])(.*)\1$/, "$2");
    if (plain === "" || plain === "~" || plain === "null") return null;
    if (plain === "true" || plain === "false") return plain === "true";
    return /^[-+]?(\d[\d_]*\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain.replace(/_/g, "")) : plain;
  }

  /* --- the recipe ------------------------------------------------------------------------------------------------ */

  function shown(what) {
    const text = String(typeof what === "object" ? JSON.stringify(what) : what).split(/\s+/).join(" ");
    return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
  }

  function number(key, what, low, high = Infinity, included = true) {
    if (typeof what !== "number") throw new BadRecipe(`${key} = ${shown(what)} is not a number`);
    if (!Number.isFinite(what) || what < low || what > high || (what === low && !included)) {
      const left = included && Number.isFinite(low) ? "[" : "(", right = Number.isFinite(high) ? "]" : ")";
      throw new OutOfDomain(`${key} = ${g(what)} is outside its range ${left}${g(low)}, ${g(high)}${right}`);
    }
    return what;
  }

  function whole(key, what, low, high = LONGEST) {
    const found = number(key, what, low, high);
    if (!Number.isInteger(found)) throw new OutOfDomain(`${key} = ${g(found)} is no whole number`);
    return found;
  }

  function required(rest, key) {
    const found = rest[key] ?? null;
    if (found === null) throw new BadRecipe(`${key} is missing`);
    delete rest[key];
    return found;
  }

  function take(rest, key, otherwise) {
    const found = key in rest ? rest[key] : otherwise;
    delete rest[key];
    return found;
  }

  /* The recipe of a mapping, or of the text that holds one. */
  function recipe(content) {
    const rest = typeof content === "string" ? parse(content) : Object.assign({}, content);
    const optimizer = take(rest, "optimizer", null);
    if (!data.names.includes(optimizer)) {
      const said = optimizer === null ? "optimizer is missing" : `optimizer = ${shown(optimizer)} is unknown`;
      throw new BadRecipe(`${said}; known are ${data.names.join(", ")}`);
    }
    const decay = take(rest, "decay", "decoupled");
    if (decay !== "decoupled" && !OTHER_DECAYS.includes(decay)) {
      throw new BadRecipe(`decay = ${shown(decay)} is unknown; known are ${OTHER_DECAYS.join(", ")}; without it wd is ` +
        "multiplied by lr, coupled or decoupled as the optimizer's name says");
    }
    for (const [long, short] of [["weight_decay", "wd"], ["learning_rate", "lr"]]) {
      if (!(long in rest)) continue;
      if (short in rest) {
        throw new BadRecipe(
          `${long} = ${shown(rest[long])} and ${short} = ${shown(rest[short])} are the same key`);
      }
      rest[short] = take(rest, long);
    }
    if ("betas" in rest) Object.assign(rest, betas(take(rest, "betas"), rest));
    const steps = whole("steps", required(rest, "steps"), 1), schedule = scheduleOf(take(rest, "schedule", {}), steps);
    const [lr, wd] = ["lr", "wd"].map((name) => number(name, required(rest, name), 0, Infinity, false));
    const told = take(rest, "start_norm", null);
    const start = told === null ? null : number("start_norm", told, 0, Infinity, false);
    const takes = rules[optimizer].DESCRIPTION.parameters.map((p) => p.name);
    if (optimizer in data.refined) takes.push(...data.refining);
    const noise = Object.keys(data.noise), known = [...new Set([...takes, ...noise])].sort();
    for (const key of Object.keys(rest)) {
      if (known.includes(key)) continue;
      const keys = ["steps", "schedule", "decay", "start_norm", "betas", ...known].join(", ");
      throw new BadRecipe(`${key} = ${shown(rest[key])} is no key of a recipe for ${optimizer}; known are ${keys}`);
    }
    const hyperparameters = {};
    for (const [key, what] of Object.entries(rest)) hyperparameters[key] = number(key, what, -Infinity);
    const sizes = noise.filter((name) => takes.includes(name) && !(name in hyperparameters));
    if (start !== null && sizes.length) {
      throw new BadRecipe(
        `start_norm = ${g(start)} needs ${sizes.join(" and ")} to be compared with the equilibrium's`);
    }
    const found = { optimizer, lr, wd, steps, schedule, decay, hyperparameters, start_norm: start };
    equilibrium(found);
    return found;
  }

  function betas(what, rest) {
    if (!Array.isArray(what) || what.length !== 2) throw new BadRecipe(`betas = ${shown(what)} is no list of two numbers`);
    for (const name of ["beta1", "beta2"]) {
      if (name in rest) {
        throw new BadRecipe(`betas = ${shown(what)} and ${name} = ${shown(rest[name])} are the same key`);
      }
    }
    return { beta1: what[0], beta2: what[1] };
  }

  function scheduleOf(what, steps) {
    const rest = typeof what === "string" ? { name: what } : Object.assign({}, what);
    if (what === null || Array.isArray(what) || !["string", "object"].includes(typeof what)) {
      throw new BadRecipe(`schedule = ${shown(what)} is no name and no mapping`);
    }
    const name = take(rest, "name", "constant");
    if (!(name in SCHEDULES)) {
      throw new BadRecipe(`schedule.name = ${shown(name)} is unknown; known are ${Object.keys(SCHEDULES).join(", ")}`);
    }
    const allowed = ["warmup", ...SCHEDULES[name]];
    for (const key of Object.keys(rest)) {
      if (!allowed.includes(key)) {
        throw new BadRecipe(
          `schedule.${key} = ${shown(rest[key])} does not apply to ${name}, which takes ${allowed.join(", ")}`);
      }
    }
    const found = { name, warmup: 0, cooldown: 0, final: 0, drops: [], factor: 0.1 };
    if ("warmup" in rest) found.warmup = whole("schedule.warmup", rest.warmup, 0, steps);
    if (name === "wsd") {
      if (!("cooldown" in rest)) throw new BadRecipe("schedule.cooldown is missing: the last steps in which wsd falls");
      found.cooldown = whole("schedule.cooldown", rest.cooldown, 1, steps);
    }
    if ("final" in rest) found.final = number("schedule.final", rest.final, 0, 1);
    if ("factor" in rest) found.factor = number("schedule.factor", rest.factor, 0, Infinity, false);
    if (name === "step") {
      if (!Array.isArray(rest.drops) || !rest.drops.length) {
        throw new BadRecipe(`schedule.drops = ${shown(rest.drops ?? "None")} is no list of steps`);
      }
      found.drops = rest.drops.map((drop) => whole("schedule.drops", drop, 1, steps)).sort((a, b) => a - b);
    }
    return found;
  }

  /* The learning rate at a step as a share of its peak. */
  function shareAt(schedule, at, steps) {
    const { name, warmup, cooldown, final, drops, factor } = schedule, clip = (x) => Math.min(1, Math.max(0, x));
    const rise = warmup ? Math.min(1, (at + 1) / warmup) : 1, after = clip((at - warmup) / Math.max(1, steps - warmup));
    let fall = 1;
    if (name === "linear") fall = 1 - (1 - final) * after;
    else if (name === "cosine") fall = final + (1 - final) * (1 + Math.cos(Math.PI * after)) / 2;
    else if (name === "wsd") fall = 1 - (1 - final) * clip((at - (steps - cooldown)) / cooldown);
    else if (name === "step") fall = Math.pow(factor, drops.filter((drop) => drop <= at).length);
    return rise * fall;
  }

  /* The coefficient that does the same with factor 1 - lr*wd; see smd.conventions. */
  function equivalentWd(decay, lr, wd, peak) {
    const share = lr / peak;
    return { decoupled: lr * wd, independent: wd, corrected: lr * wd * share, scheduled: wd * share }[decay] / lr;
  }

  /* The equilibrium at a share of the peak learning rate. */
  function equilibrium(found, share = 1) {
    const lr = share * found.lr, wd = equivalentWd(found.decay, lr, found.wd, found.lr);
    return SMD.predict(found.optimizer, Object.assign({}, found.hyperparameters, { lr, wd }));
  }

  SMD.recipes = { parse, recipe, shareAt, equivalentWd, equilibrium };
})((window.SMD = window.SMD || {}));
