/* The panel beside the queue: it follows the row that has the focus; on a small screen it is a sheet above the list.
   Without this script the name of a lead leads to the panel as a page of its own. */
"use strict";

(() => {
  const STORED = "leadfunnel-queue-panel";
  const PAUSE_MILLISECONDS = 150; // j, j, j, j is one question, about the row where it ends
  const BESIDE = window.matchMedia("(min-width: 1200px)"); // as in panel.css

  const desk = () => document.querySelector("[data-lf-desk]");
  const side = () => document.getElementById("queue-side");
  const panel = () => document.getElementById("queue-panel");
  const rows = () => [...document.querySelectorAll("#queue [data-lf-row]")];
  const rowOf = (element) => (element ? element.closest("#queue [data-lf-row]") : null);
  const shown = () => document.querySelector("#queue [data-lf-row][data-lf-shown]");
  const isOpen = () => Boolean(side()) && !side().hidden;
  const isSheet = () => isOpen() && !BESIDE.matches;

  let wanted = 0; // the timer of the row to show next
  let place = 0; // where in the list the shown row stood

  function mark(row) {
    for (const other of rows()) {
      other.toggleAttribute("data-lf-shown", other === row);
      const link = other.querySelector("[data-lf-row-link]");
      if (other === row) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    if (row) place = rows().indexOf(row);
  }

  // What lies under a sheet can neither be seen nor be reached.
  function cover(isCovered) {
    document.body.classList.toggle("lf-has-sheet", isCovered);
    const under = document.querySelectorAll("#queue, .lf-page-head, .lf-top, .lf-side");
    for (const element of under) element.inert = isCovered;
  }

  function open() {
    if (isOpen()) return;
    side().hidden = false;
    desk().dataset.lfOpen = "";
    if (isSheet()) window.history.pushState({ lfSheet: true }, "");
    else window.localStorage.setItem(STORED, "open");
    cover(isSheet());
  }

  function close() {
    window.clearTimeout(wanted);
    if (!isOpen()) return;
    const row = shown() || rows()[Math.min(place, rows().length - 1)];
    if (!isSheet()) window.localStorage.removeItem(STORED);
    cover(false);
    side().hidden = true;
    delete desk().dataset.lfOpen;
    const empty = document.createElement("div");
    empty.id = "queue-panel";
    panel().replaceWith(empty);
    mark(null);
    if (row) row.querySelector("[data-lf-row-link]").focus();
  }

  // A sheet is a step forward, so that the phone's own way back leaves it.
  const leave = () => (isSheet() && window.history.state?.lfSheet ? window.history.back() : close());

  function ask(row) {
    window.clearTimeout(wanted);
    if (!row || !row.isConnected) return;
    mark(row);
    window.htmx.trigger(row.querySelector("[data-lf-row-link]"), "lf:panel");
  }

  const askSoon = (row) => {
    window.clearTimeout(wanted);
    mark(row);
    wanted = window.setTimeout(() => ask(row), PAUSE_MILLISECONDS);
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-lf-panel-close]") && desk()) {
      event.preventDefault();
      leave();
    }
  });
  document.addEventListener("keydown", (event) => {
    const isElsewhere = document.querySelector("details[data-lf-menu][open], dialog[open]");
    if (event.key === "Escape" && isOpen() && !isElsewhere) leave();
  }, { capture: true });
  window.addEventListener(
    "popstate",
    (event) => {
      if (!isSheet()) return;
      event.stopImmediatePropagation(); // the page is the same: htmx need not fetch it again
      close();
    },
    { capture: true },
  );
  BESIDE.addEventListener("change", () => cover(isSheet()));

  document.addEventListener("focusin", (event) => {
    const row = rowOf(event.target);
    if (row && isOpen() && !row.hasAttribute("data-lf-shown")) askSoon(row);
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const target = event.detail.target;
    if (!target) return;
    if (target.id === "queue") window.clearTimeout(wanted); // the row may be about to go
    if (target.id !== "queue-panel") return;
    const row = rowOf(event.target);
    if (row) mark(row);
    open();
  });

  // The next lead is there at once: whatever changed the list, the panel shows the row that is there now.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!desk() || !isOpen()) return;
    if (event.target.id === "queue") {
      const row = rowOf(document.activeElement) || rows()[Math.min(place, rows().length - 1)]; // see queue.js
      cover(isSheet());
      if (row) ask(row);
      else leave();
    }
    if (event.target.id === "queue-panel" && isSheet() && !panel().querySelector("[data-lf-reasons][open]")) {
      panel().querySelector("[data-lf-panel-title]").focus();
    }
  });

  // Not before htmx has made the rows its own.
  document.addEventListener("htmx:load", (event) => {
    if (event.target !== document.body || !desk() || !BESIDE.matches) return;
    if (window.localStorage.getItem(STORED) === "open") ask(rows()[0]);
  });
})();
