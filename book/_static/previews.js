/* What a link to a theorem, an equation or a claim leads to, shown beside the link while it is hovered or focused. */
(function () {
  "use strict";

  var root = new URL(document.documentElement.dataset.content_root || "./", document.location.href);
  var known = {}; // page -> {id: HTML}
  var waiting = {}; // page -> callbacks of a script on its way
  var box = null, shownFor = null, timer = 0;
  var OPENS_AFTER = 250, CLOSES_AFTER = 200;

  window.smdPreviews = function (page, found) { known[page] = found; };

  function target(link) {
    var url = new URL(link.href, document.location.href);
    if (url.protocol !== root.protocol || url.host !== root.host || url.pathname.indexOf(root.pathname) !== 0) return null;
    var page = decodeURIComponent(url.pathname.slice(root.pathname.length)).replace(/\.html$/, "");
    var id = decodeURIComponent(url.hash.slice(1));
    if (!id && page.indexOf("claim/") === 0) id = "statement";
    if (!id) return null;
    var here = new URL(document.location.href).pathname === url.pathname;
    if (here && link.closest("#" + CSS.escape(id))) return null; // a heading's own anchor
    return { page: page, id: id, here: here };
  }

  function content(at, ready) {
    if (at.here) {
      var element = document.getElementById(at.id);
      var wanted = element && (element.matches("div.proof, div.math, div.claim-statement"));
      if (!wanted) return;
      var copy = element.cloneNode(true);
      ready(copy.outerHTML, false);
    } else if (known[at.page]) {
      if (known[at.page][at.id]) ready(known[at.page][at.id], true);
    } else if (waiting[at.page]) {
      waiting[at.page].push(function () { content(at, ready); });
    } else {
      waiting[at.page] = [function () { content(at, ready); }];
      var script = document.createElement("script");
      script.src = new URL("previews/" + at.page.split("/").map(encodeURIComponent).join("/") + ".js", root).href;
      script.onload = function () { waiting[at.page].forEach(function (call) { if (known[at.page]) call(); }); };
      script.onerror = function () { known[at.page] = {}; };
      document.head.appendChild(script);
    }
  }

  function show(link) {
    var at = target(link);
    if (!at) return;
    shownFor = link;
    content(at, function (html, typeset) {
      if (shownFor !== link) return;
      if (!box) {
        box = document.createElement("div");
        box.id = "smd-preview";
        box.setAttribute("role", "tooltip");
        box.addEventListener("mouseenter", function () { clearTimeout(timer); });
        box.addEventListener("mouseleave", later);
        document.body.appendChild(box);
      }
      box.innerHTML = html;
      box.querySelectorAll("[id]").forEach(function (one) { one.removeAttribute("id"); });
      box.querySelectorAll("a, button, [tabindex]").forEach(function (one) { one.setAttribute("tabindex", "-1"); });
      box.hidden = false;
      link.setAttribute("aria-describedby", "smd-preview");
      place(link);
      if (typeset && window.MathJax && MathJax.typesetPromise) {
        MathJax.typesetPromise([box]).then(function () { if (shownFor === link) place(link); });
      }
    });
  }

  function place(link) {
    var at = link.getClientRects()[0] || link.getBoundingClientRect();
    var wide = document.documentElement.clientWidth, high = document.documentElement.clientHeight;
    box.style.maxWidth = Math.min(640, wide - 24) + "px";
    var left = Math.max(12, Math.min(at.left, wide - box.offsetWidth - 12));
    var above = at.top - box.offsetHeight - 8;
    var top = at.bottom + 8 + box.offsetHeight > high && above > 0 ? above : at.bottom + 8;
    box.style.left = left + "px";
    box.style.top = top + "px";
  }

  function hide() {
    clearTimeout(timer);
    if (shownFor) shownFor.removeAttribute("aria-describedby");
    shownFor = null;
    if (box) box.hidden = true;
  }

  function later() { clearTimeout(timer); timer = setTimeout(hide, CLOSES_AFTER); }

  function linkOf(event) {
    var link = event.target.closest && event.target.closest("a[href]");
    return link && link.closest("article, .bd-article") && !link.closest("#smd-preview") ? link : null;
  }

  document.addEventListener("mouseover", function (event) {
    var link = linkOf(event);
    if (!link || window.matchMedia("(hover: none)").matches) return;
    clearTimeout(timer);
    if (link !== shownFor) timer = setTimeout(function () { hide(); show(link); }, OPENS_AFTER);
  });
  document.addEventListener("mouseout", function (event) { if (linkOf(event)) later(); });
  document.addEventListener("focusin", function (event) {
    var link = linkOf(event);
    if (link && link.matches(":focus-visible")) { hide(); show(link); } else if (!link) hide();
  });
  document.addEventListener("focusout", function (event) { if (linkOf(event) === shownFor) hide(); });
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") hide(); });
  window.addEventListener("scroll", function () { if (shownFor && box && !box.hidden) place(shownFor); }, { passive: true });
})();
