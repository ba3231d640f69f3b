/* The only script of our own. Hooks are data-lf-* attributes; everything here adds comfort to pages that work
   without it. Nothing is inline: the Content-Security-Policy allows scripts and styles from 'self' alone. */
"use strict";

(() => {
  const TOAST_MILLISECONDS = 12_000;
  const page = document.documentElement;

  // --- Messages ---------------------------------------------------------------------------------------------
  function showToast(text) {
    // What asks every few seconds would else fill the screen with one and the same message.
    const shown = [...document.querySelectorAll("#toasts [data-lf-toast-text]")];
    if (shown.some((one) => one.textContent === text)) return;
    const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    toast.querySelector("[data-lf-toast-text]").textContent = text;
    document.getElementById("toasts").append(toast);
  }

  function leaveLater(toast) {
    window.setTimeout(() => {
      // Somebody who is about to press a button in it must not lose it.
      if (toast.matches(":hover, :focus-within")) leaveLater(toast);
      else toast.remove();
    }, TOAST_MILLISECONDS);
  }

  function watchToasts() {
    const region = document.getElementById("toasts");
    if (!region) return;
    new MutationObserver((changes) => {
      for (const change of changes) {
        for (const node of change.addedNodes) {
          // Errors stay until they are closed.
          if (node.nodeType === Node.ELEMENT_NODE && !node.matches(".lf-toast--error")) leaveLater(node);
        }
      }
    }).observe(region, { childList: true });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-lf-close]");
    if (button) button.closest("[data-lf-toast]").remove();
  });

  // --- Errors of part-page requests ---------------------------------------------------------------------------
  const EXPLANATIONS = {
    400: "The server did not understand this request. Reload the page and try again.",
    403: "You may not do this, or this page was open too long. Reload it and try again.",
    404: "This is no longer there. Reload the page to see what is.",
    405: "This can only be done with its button. Reload the page and try again.",
    429: "Too many requests. Wait a moment and try again.",
    503: "Leadfunnel is starting or being upgraded. Try again in a moment.",
  };

  document.addEventListener("htmx:responseError", (event) => {
    if (event.target.matches("[data-lf-poll]")) return; // nobody asked
    const status = event.detail.xhr.status;
    showToast(EXPLANATIONS[status] || `Something went wrong on our side (${status}). Nothing was half-saved; try again.`);
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (event.target.matches("[data-lf-poll]")) return;
    showToast("The server cannot be reached. Check your connection and try again.");
  });
  // Asked for one row and already at the next: the first answer is given up on purpose, which is no error. Of each
  // request that fails htmx says so twice, the second time with what it was.
  if (window.htmx) {
    window.htmx.logger = (element, name, detail) => {
      if (name === "htmx:sendAbort" || name === "htmx:afterRequest") delete detail.error;
    };
  }

  document.addEventListener("htmx:timeout", () => showToast("The server took too long to answer. Try again."));

  document.addEventListener("htmx:beforeSwap", (event) => {
    // The session ended: the redirect was followed to the login page, which must not land inside a list.
    const answered = new URL(event.detail.xhr.responseURL || window.location.href, window.location.href);
    if (answered.pathname === document.body.dataset.lfLoginPath) {
      event.detail.shouldSwap = false;
      window.location.reload();
    }
  });

  // --- What asks by itself now and then ---------------------------------------------------------------------------
  document.addEventListener("htmx:beforeRequest", (event) => {
    // A tab that nobody looks at can wait.
    if (event.target.matches("[data-lf-poll]") && document.hidden) event.preventDefault();
  });

  // --- Forms ---------------------------------------------------------------------------------------------------
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") return;
    // A bookmarked address names only what was chosen.
    const chosen = event.detail.formData;
    for (const [name, value] of [...chosen.entries()]) if (value === "") chosen.delete(name);
  });

  // The second half of a double-click lands on the row that moved up: it must not decide that one too.
  document.addEventListener(
    "click",
    (event) => {
      if (event.detail > 1 && event.target.closest("[data-lf-once] :is(button, summary)")) {
        event.preventDefault();
        event.stopPropagation();
      }
    },
    { capture: true },
  );

  // --- Focus -----------------------------------------------------------------------------------------------------
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.matches("[data-lf-poll]")) return; // nobody pressed anything
    // The focused button went with the part that was swapped away: go on where the answer says.
    if (document.activeElement && document.activeElement !== document.body) return;
    const next = event.target.querySelector("[data-lf-focus]") || document.querySelector("[data-lf-focus]");
    if (next) next.focus({ preventScroll: true });
  });

  // --- Menus (<details>) -------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-lf-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-lf-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // --- Charts --------------------------------------------------------------------------------------------------------
  const cssColour = (name) => getComputedStyle(page).getPropertyValue(name).trim();

  // Figures name colours as "var(--lf-stage-mql)", so that the server need not know the theme.
  function coloured(value) {
    if (typeof value === "string") {
      const match = value.match(/^var\((--[\w-]+)\)$/);
      return match ? cssColour(match[1]) : value;
    }
    if (Array.isArray(value)) return value.map(coloured);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, coloured(inner)]));
    }
    return value;
  }

  function themed(layout) {
    const axis = {
      gridcolor: cssColour("--lf-chart-grid"),
      linecolor: cssColour("--lf-chart-grid"),
      zerolinecolor: cssColour("--lf-chart-grid"),
      tickfont: { color: cssColour("--lf-chart-muted") },
      automargin: true,
    };
    const base = {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "Inter, system-ui, sans-serif", size: 13, color: cssColour("--lf-chart-text") },
      colorway: [1, 2, 3, 4, 5, 6, 7].map((number) => cssColour(`--lf-chart-${number}`)),
      margin: { l: 16, r: 16, t: 16, b: 16 },
      hoverlabel: { bgcolor: cssColour("--lf-chart-paper"), font: { color: cssColour("--lf-chart-text") } },
    };
    const result = { ...base, ...layout };
    for (const name of ["xaxis", "yaxis"]) result[name] = { ...axis, ...layout[name] };
    return result;
  }

  function mountChart(element) {
    const figure = coloured(JSON.parse(document.getElementById(element.dataset.lfChart).textContent));
    window.Plotly.newPlot(element, figure.data, themed(figure.layout || {}), {
      responsive: true,
      displaylogo: false,
      showSendToCloud: false,
      modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    });
    element.on("plotly_click", (event) => {
      // A bar that knows the list of what it counts. The same links stand in the table beside the chart.
      const address = event.points[0].customdata;
      if (typeof address === "string" && address.startsWith("/")) window.location.assign(address);
    });
  }

  function mountCharts(root) {
    if (!window.Plotly) return;
    const charts = [...root.querySelectorAll("[data-lf-chart]")];
    if (root.matches && root.matches("[data-lf-chart]")) charts.push(root);
    for (const chart of charts) if (!chart.classList.contains("js-plotly-plot")) mountChart(chart);
  }

  document.addEventListener("htmx:beforeCleanupElement", (event) => {
    // Plotly listens to the window's size for each chart until it is told to stop.
    // The whole document is cleaned up, too, when a page is left: it has no classes.
    const gone = event.detail.elt;
    if (window.Plotly && gone.classList && gone.classList.contains("js-plotly-plot")) window.Plotly.purge(gone);
  });
  document.addEventListener("htmx:load", (event) => mountCharts(event.target));

  watchToasts();
  mountCharts(document.body);
})();
