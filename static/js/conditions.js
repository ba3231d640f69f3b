/* The condition builder: the values that leads really have, fetched for the field that is being filled in. */
"use strict";

(() => {
  const loaded = new WeakMap(); // for which field
  function loadKnown(input) {
    const box = input.matches("input") && input.closest(".lf-condition__values")?.querySelector(".lf-known");
    if (!box || loaded.get(box) === box.dataset.lfKnown) return;
    loaded.set(box, box.dataset.lfKnown);
    window.htmx.ajax("GET", box.dataset.lfKnown, { source: box, target: box, swap: "innerHTML" });
  }
  document.addEventListener("focusin", (event) => loadKnown(event.target));
  document.body.addEventListener("htmx:afterSettle", () => {
    for (const box of document.querySelectorAll(".lf-known")) {
      if (loaded.has(box) && loaded.get(box) !== box.dataset.lfKnown) box.replaceChildren();
    }
    if (document.activeElement) loadKnown(document.activeElement);
  });

  document.addEventListener("click", (event) => {
    const pick = event.target.closest("[data-lf-pick]");
    if (!pick) return;
    const values = pick.closest(".lf-condition__values");
    const input = values.querySelector("input[name$='-new'], input[name$='-value']");
    input.value = pick.dataset.lfPick;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.focus();
  });

  // A form that is answered while somebody goes on in it keeps what they did: the next answer knows of it.
  const done = new WeakMap(); // changes by form
  const sent = new WeakMap(); // changes by request
  const formOf = (event) => event.target instanceof Element && event.target.closest("form[data-lf-lines]");
  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => {
      const form = formOf(event);
      if (form) done.set(form, (done.get(form) || 0) + 1);
    }, true);
  }
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const form = formOf(event);
    if (form) sent.set(event.detail.xhr, done.get(form) || 0);
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const form = formOf(event);
    if (form && sent.get(event.detail.xhr) !== (done.get(form) || 0)) event.detail.shouldSwap = false;
  });
})();
