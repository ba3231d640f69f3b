/* Reports: a chart as a picture, tables sorted by a column. Both are comfort: the page works without. */
"use strict";

(() => {
  const page = document.documentElement;
  const SCALE = 2;

  // --- A chart as PNG ---------------------------------------------------------------------------------------------
  // Plotly's own way loads a picture from a blob, which the policy refuses; and in a picture styles would be refused,
  // so they become attributes.
  function asAddress(svg) {
    const copy = svg.cloneNode(true);
    for (const element of [copy, ...copy.querySelectorAll("[style]")]) {
      for (const name of [...element.style]) element.setAttribute(name, element.style.getPropertyValue(name));
      element.removeAttribute("style");
    }
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  }

  async function takePicture(button) {
    const chart = document.querySelector(`[data-lf-chart="${button.dataset.lfPng}"]`);
    const layers = chart ? [...chart.querySelectorAll(".main-svg")] : [];
    if (!layers.length) return;
    const { width, height } = layers[0].getBoundingClientRect();
    const canvas = document.createElement("canvas");
    canvas.width = width * SCALE;
    canvas.height = height * SCALE;
    const context = canvas.getContext("2d");
    // On paper of the page's own colour: on another one its texts could not be read.
    context.fillStyle = getComputedStyle(page).getPropertyValue("--lf-chart-paper").trim();
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (const layer of layers) {
      const image = new Image();
      image.src = asAddress(layer);
      await image.decode();
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
    }
    const link = document.createElement("a");
    link.href = canvas.toDataURL("image/png");
    link.download = button.dataset.lfName;
    link.click();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-lf-png]");
    if (button) takePicture(button);
  });

  // --- Sorted tables ------------------------------------------------------------------------------------------------
  function keyOf(row, column) {
    const cell = row.cells[column];
    if (column === 0) return cell.textContent.trim().toLowerCase();
    const value = cell.dataset.value;
    if (value === undefined) return null;
    return value !== "" && !Number.isNaN(Number(value)) ? Number(value) : value;
  }

  function compare(one, other) {
    if (typeof one === "number" && typeof other === "number") return one - other;
    return String(one).localeCompare(String(other));
  }

  function sortBy(button) {
    const heading = button.closest("th");
    const table = heading.closest("table");
    const column = heading.cellIndex;
    // Numbers begin with the largest, names with the first.
    const first = column === 0 ? "ascending" : "descending";
    const order = heading.getAttribute("aria-sort") === first ? (column === 0 ? "descending" : "ascending") : first;
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const rows = [...table.tBodies[0].rows].filter((row) => !row.classList.contains("lf-total"));
    const totals = [...table.tBodies[0].rows].filter((row) => row.classList.contains("lf-total"));
    const keyed = rows.map((row) => [keyOf(row, column), row]);
    keyed.sort(([one], [other]) => {
      if (one === null || other === null) return (one === null) - (other === null); // no data stands last
      return sign * compare(one, other);
    });
    table.tBodies[0].append(...keyed.map(([, row]) => row), ...totals);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-lf-sort]");
    if (button) sortBy(button);
  });

  // --- Paper -------------------------------------------------------------------------------------------------------
  const PAPER = 960;

  function drawAt(width) {
    if (!window.Plotly) return;
    for (const chart of document.querySelectorAll(".js-plotly-plot")) window.Plotly.relayout(chart, { width, autosize: !width });
  }

  // Charts are as wide as the screen was; a sheet is not.
  window.addEventListener("beforeprint", () => drawAt(PAPER));
  window.addEventListener("afterprint", () => drawAt(null));

  function mount(root) {
    // On a phone the tab of the present report may lie beside the screen; only its own row is scrolled.
    for (const tab of root.querySelectorAll(".lf-report-tabs [aria-current]")) {
      tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - tab.parentElement.clientWidth / 3;
    }
    for (const button of root.querySelectorAll("[data-lf-png]")) button.hidden = false;
    for (const heading of root.querySelectorAll("table[data-lf-sortable] thead th")) {
      if (heading.querySelector("[data-lf-sort]")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.lfSort = "";
      button.append(...heading.childNodes);
      heading.append(button);
    }
  }

  document.addEventListener("htmx:load", (event) => mount(event.target));
  mount(document.body);
})();
