/* Choosing several rows of the queue: all of the page, a range with Shift, and on from page to page.
   Without this script the boxes and the bar of buttons are a plain form. */
"use strict";

(() => {
  const chosen = new Set(); // of all pages that were seen; ids of handoffs
  let last = null; // the box that was pressed last: the other end of a range

  const boxes = () => [...document.querySelectorAll("#queue [data-lf-select]")];
  const all = () => document.querySelector("#queue [data-lf-select-all]");
  const bar = () => document.querySelector("#queue [data-lf-bulk]");

  function tell() {
    const here = boxes();
    const elsewhere = chosen.size - here.filter((box) => box.checked).length;
    if (all()) {
      all().hidden = false;
      all().checked = here.length > 0 && here.every((box) => box.checked);
      all().indeterminate = !all().checked && here.some((box) => box.checked);
    }
    if (!bar()) return;
    bar().toggleAttribute("data-lf-some", chosen.size > 0);
    const words = `${chosen.size} chosen` + (elsewhere ? `, ${elsewhere} on other pages` : "");
    bar().querySelector("[data-lf-chosen]").textContent = words;
  }

  function take(box) {
    if (box.checked) chosen.add(box.value);
    else chosen.delete(box.value);
  }

  function show() {
    for (const box of boxes()) {
      if (box.checked) chosen.add(box.value); // refused by the server, and chosen still
      box.checked = chosen.has(box.value);
    }
    tell();
  }

  document.addEventListener("click", (event) => {
    if (!event.target.matches("#queue [data-lf-select]")) return;
    const here = boxes();
    const [from, to] = [here.indexOf(last), here.indexOf(event.target)].sort((one, other) => one - other);
    if (event.shiftKey && from >= 0) {
      for (const box of here.slice(from, to + 1)) {
        box.checked = event.target.checked;
        take(box);
      }
    }
    last = event.target;
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("#queue [data-lf-select]")) take(event.target);
    else if (event.target.matches("#queue [data-lf-select-all]")) {
      for (const box of boxes()) {
        box.checked = event.target.checked;
        take(box);
      }
    } else return;
    tell();
  });
  document.addEventListener("reset", (event) => {
    if (!event.target.matches("[data-lf-bulk]")) return;
    window.setTimeout(() => {
      chosen.clear();
      for (const box of boxes()) box.checked = false;
      tell();
    });
  });

  // Those of other pages go along; what is decided, alone or with others, is chosen no longer.
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.elt.matches("[data-lf-bulk]")) return;
    event.detail.formData.delete("handoff");
    for (const pk of chosen) event.detail.formData.append("handoff", pk);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "queue" || event.detail.requestConfig.verb !== "post") return;
    if (event.detail.xhr.status === 422) return;
    const asked = event.detail.requestConfig.elt;
    if (asked.matches("[data-lf-bulk]")) chosen.clear();
    const decided = /\/queue\/(\d+)\//.exec(event.detail.pathInfo.requestPath);
    if (decided) chosen.delete(decided[1]);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "queue") show();
  });
  document.addEventListener("DOMContentLoaded", show);
})();
