/* The form's fields: labels, sliders, one line for what is wrong, and the permalink that carries every value. */
(function (SMD) {
  "use strict";

  const { OutOfDomain } = SMD;
  const { g } = SMD.numerics;
  const MOST_OF_SLIDER = 1000;

  /* How a slider's position in [0, 1] and a value go together, by hyper-parameter. */
  const logarithmic = (low, high) => ({
    value: (u) => low * Math.pow(high / low, u),
    position: (x) => Math.log(x / low) / Math.log(high / low),
  });
  const SCALES = {
    lr: logarithmic(1e-6, 10),
    wd: logarithmic(1e-6, 10),
    lr_max: logarithmic(1e-6, 10),
    dim: logarithmic(1, 1e8),
    grad_norm: logarithmic(1e-3, 1e3),
    trust: logarithmic(1e-5, 1),
    share: { value: (u) => 1 - Math.pow(10, -4 * u), position: (x) => -Math.log10(1 - x) / 4 },
    kurtosis: { value: (u) => 1 + 9 * u, position: (x) => (x - 1) / 9 },
    steps: logarithmic(10, 1e6),
    batch: logarithmic(1 / 64, 64),
  };
  const DEFAULTS = { lr: "0.001", wd: "0.1", lr_max: "0.001", dim: "1024" };

  const ALWAYS = ["optimizer", "decay", "to-optimizer", "to-decay"];
  const values = new Map();
  const listeners = [];
  let restored = new Map();

  function make(tag, attributes = {}, ...children) {
    const found = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === true) found.setAttribute(key, "");
      else if (value !== false && value !== null) found.setAttribute(key, value);
    }
    found.append(...children);
    return found;
  }

  function changed() {
    for (const listener of listeners) listener();
  }

  function remember(id, value, initial) {
    values.set(id, { value, initial });
  }

  /* The start value of a field: what it last held, what the link says, or its own. */
  function startOf(id, initial) {
    if (values.has(id)) return values.get(id).value;
    return restored.has(id) ? restored.get(id) : initial;
  }

  function row(id, label, hint, ...controls) {
    const error = make("p", { id: `${id}-error`, class: "smd-error", hidden: true });
    const name = make("label", { for: id }, label);
    if (hint) name.append(make("small", {}, hint));
    return make("div", { class: "smd-field", "data-field": id }, name, make("div", { class: "smd-controls" }, ...controls), error);
  }

  /* A number with a slider where the hyper-parameter has a scale. */
  function number(id, label, { initial = "", hint = "", scale = null, whole = false } = {}) {
    const start = startOf(id, initial);
    const input = make("input", {
      id, type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", value: start,
      "aria-describedby": `${id}-error`,
    });
    const controls = [input], kind = scale && SCALES[scale];
    remember(id, start, initial);
    if (kind) {
      const slider = make("input", {
        type: "range", min: 0, max: MOST_OF_SLIDER, step: 1, "aria-label": `${label}, slider`, id: `${id}-slider`,
      });
      const follow = () => {
        const u = kind.position(Number(input.value));
        slider.value = Number.isFinite(u) ? Math.round(MOST_OF_SLIDER * Math.min(1, Math.max(0, u))) : 0;
        slider.setAttribute("aria-valuetext", input.value.trim() || "not given");
      };
      slider.addEventListener("input", () => {
        const x = kind.value(slider.value / MOST_OF_SLIDER);
        input.value = whole ? String(Math.round(x)) : String(Number(x.toPrecision(3)));
        if (scale === "share") input.value = String(Number((1 - Number((1 - x).toPrecision(2))).toPrecision(6)));
        slider.setAttribute("aria-valuetext", input.value);
        remember(id, input.value, initial);
        changed();
      });
      input.addEventListener("input", follow);
      follow();
      controls.push(slider);
    }
    input.addEventListener("input", () => {
      remember(id, input.value, initial);
      changed();
    });
    return row(id, label, hint, ...controls);
  }

  function select(id, label, options, { initial = options[0][0], hint = "" } = {}) {
    const allowed = options.map(([value]) => String(value));
    let start = String(startOf(id, initial));
    if (!allowed.includes(start)) start = String(initial);
    remember(id, start, initial);
    const input = make("select", { id, "aria-describedby": `${id}-error` },
      ...options.map(([value, text]) => make("option", { value, selected: String(value) === start }, text)));
    input.addEventListener("change", () => {
      remember(id, input.value, initial);
      changed();
    });
    return row(id, label, hint, input);
  }

  /* A text area that is already in the page. */
  function area(id, initial) {
    const input = document.getElementById(id);
    input.value = startOf(id, initial);
    remember(id, input.value, initial);
    input.addEventListener("input", () => {
      remember(id, input.value, initial);
      changed();
    });
    return input;
  }

  function set(id, value) {
    const input = document.getElementById(id);
    if (!input) return;
    input.value = value;
    input.dispatchEvent(new Event(input.tagName === "SELECT" ? "change" : "input"));
  }

  /* What a field holds as text, "" where it is not shown. */
  function text(id) {
    const input = document.getElementById(id);
    return input ? input.value.trim() : "";
  }

  /* The number in a field, null where it is empty; throws a mistake that knows its field. */
  function read(id, name) {
    const held = text(id);
    if (held === "") return null;
    const x = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(held) ? Number(held) : NaN;
    if (!Number.isFinite(x)) throw mistake(id, `${name} = ${held} is not a number`);
    return x;
  }

  function required(id, name) {
    const x = read(id, name);
    if (x === null) throw mistake(id, `${name} is missing`);
    return x;
  }

  function mistake(id, message) {
    const found = new OutOfDomain(message);
    found.field = id;
    return found;
  }

  /* Show what is wrong at the field that it is about: the one it knows, or the one whose name begins the message. */
  function blame(section, wrong, prefix) {
    clear(section);
    const name = wrong.message.split(/[ *:]/)[0];
    const inside = (one) => one && section.contains(document.getElementById(one));
    const id = [wrong.field, `${prefix}${name}`, name].find(inside), input = document.getElementById(id);
    const line = id ? document.getElementById(`${id}-error`) : null;
    if (!line) return false;
    line.textContent = wrong.message;
    line.hidden = false;
    input.setAttribute("aria-invalid", "true");
    return true;
  }

  function clear(section) {
    section.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
    section.querySelectorAll(".smd-error").forEach((line) => {
      line.hidden = true;
      line.textContent = "";
    });
  }

  /* --- the permalink ------------------------------------------------------------------------------------------- */

  const carried = () => window.location.hash.includes("=");

  function restore() {
    if (carried()) restored = new Map(new URLSearchParams(window.location.hash.slice(1)));
    window.addEventListener("hashchange", () => { if (carried()) window.location.reload(); });
  }

  function permalink() {
    const pairs = new URLSearchParams();
    for (const [id, { value, initial }] of values) {
      if (document.getElementById(id) && value !== String(initial)) pairs.set(id, value);
    }
    for (const id of ALWAYS) if (document.getElementById(id)) pairs.set(id, text(id));
    return `${window.location.href.split("#")[0]}#${pairs}`;
  }

  function keepLink() {
    try {
      window.history.replaceState(null, "", permalink());
    } catch (refused) { /* A browser that changes no file's address still copies the link. */ }
  }

  /* --- copying ------------------------------------------------------------------------------------------------- */

  async function copy(content) {
    try {
      await navigator.clipboard.writeText(content);
      return true;
    } catch (refused) {
      const box = make("textarea", { readonly: true, class: "smd-offscreen", "aria-hidden": "true" });
      box.value = content;
      document.body.append(box);
      box.select();
      let done = false;
      try {
        done = document.execCommand("copy");
      } catch (impossible) { done = false; }
      box.remove();
      return done;
    }
  }

  /* Texts that can be copied, by what they are: a button each, and the text itself. */
  function copies(where, texts) {
    const open = where.querySelector("details") ? where.querySelector("details").open : false;
    where.textContent = "";
    const said = make("span", { role: "status", class: "smd-copied" }), buttons = make("div", { class: "smd-buttons" });
    const shown = make("details", { open }, make("summary", {}, "Show what is copied"));
    for (const [name, content] of Object.entries(texts)) {
      const button = make("button", { type: "button" }, `Copy ${name}`);
      button.addEventListener("click", async () => {
        const source = typeof content === "function" ? content() : content;
        said.textContent = (await copy(source)) ? `${name} copied` : `${name} could not be copied: select it below`;
      });
      buttons.append(button);
      if (typeof content !== "function") {
        shown.append(make("p", { class: "smd-name" }, name), make("pre", { tabindex: 0, role: "group", "aria-label": name }, content));
      }
    }
    buttons.append(said);
    where.append(buttons, shown);
  }

  const digits = (x) => (x === null || Number.isNaN(x) ? "none" : g(x, 6));

  SMD.fields = { SCALES, DEFAULTS, make, number, select, area, set, text, read, required, mistake, blame, clear };
  Object.assign(SMD.fields, { restore, permalink, keepLink, copies, digits, listeners });
})((window.SMD = window.SMD || {}));
