/* "All" above a list of ticks. Without JavaScript it stays hidden, and each is ticked by itself. */
"use strict";

(() => {
  const picksOf = (form) => [...form.querySelectorAll("[data-lf-picks] input[type=checkbox]")];

  function prepare(root) {
    for (const label of root.querySelectorAll("[data-lf-pick-all]")) label.hidden = false;
  }

  document.addEventListener("change", (event) => {
    const form = event.target.form;
    const all = form && form.querySelector("[data-lf-pick-all] input");
    if (!all) return;
    if (event.target === all) for (const pick of picksOf(form)) pick.checked = all.checked;
    else if (event.target.name === "chosen") all.checked = picksOf(form).every((pick) => pick.checked);
  });
  document.addEventListener("htmx:load", (event) => prepare(event.target.parentElement || document.body));
  prepare(document.body);
})();
