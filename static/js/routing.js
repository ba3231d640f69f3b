/* The page of routing rules: rules are dragged to another place; buttons do the same. */
"use strict";

(() => {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function makeSortable() {
    const list = document.querySelector("[data-lf-routing-list]");
    if (!list || window.Sortable.get(list)) return;
    window.Sortable.create(list, {
      animation: still ? 0 : 120,
      delay: 120,
      delayOnTouchOnly: true,
      handle: "[data-lf-handle]",
      draggable: "[data-lf-routing-rule]",
      onEnd: ({ item, oldIndex, newIndex }) => {
        if (oldIndex === newIndex) return;
        const next = item.nextElementSibling;
        const before = next ? next.dataset.lfRoutingRule || "" : "";
        window.htmx.ajax("POST", item.querySelector("form").getAttribute("action"), {
          source: "#routing-rules",
          target: "#routing-rules",
          swap: "outerHTML",
          values: { key: item.dataset.lfRoutingRule, action: "place", before },
        });
      },
    });
  }

  document.body.addEventListener("htmx:afterSettle", (event) => {
    makeSortable();
    if (event.target.id === "routing-rules") window.htmx.trigger(document.body, "rules-changed");
  });
  makeSortable();
})();
