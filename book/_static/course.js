// Small repairs of the theme's markup, and room for what is wider than a narrow screen.
(function () {
  var boxes = {
    "div.math > :not(.eqno)": "Formula",
    pre: "Program",
    ".cell_output, div.output": "Output",
    figure: "Figure",
    "table, .pst-scrollable-table-container": "Table",
  };

  // Names that are seen and names that are read must agree.
  function mend() {
    var named = ".search-button, .search-button-field, .theme-switch-button, details summary";
    document.querySelectorAll(named).forEach(function (element) {
      if (element.textContent.trim()) {
        element.removeAttribute("aria-label");
        element.removeAttribute("title");
      }
    });
    document.querySelectorAll(".bd-links .has-children summary").forEach(function (summary) {
      var parent = summary.closest("li").querySelector("a");
      summary.setAttribute("aria-label", "Pages of " + parent.textContent);
    });
    // The empty corner of a table is no heading; the entries of a bibliography are those of a list.
    document.querySelectorAll("article th:not(:has(:not(p)))").forEach(function (corner) {
      if (!corner.textContent.trim()) corner.outerHTML = "<td></td>";
    });
    document.querySelectorAll("[role=doc-biblioentry]").forEach(function (entry) {
      entry.setAttribute("role", "listitem");
    });
    var sidebar = document.querySelector(".bd-sidebar-primary");
    if (sidebar) {
      sidebar.setAttribute("role", "region");
      sidebar.setAttribute("aria-label", "Book");
    }
  }

  // What is wider than its line scrolls, says so, and can be reached by keyboard.
  function widen(formula) {
    formula.classList.remove("wide");
    var room = formula.parentElement.closest("p, li, dd, td, th, dt, div").clientWidth;
    if (formula.offsetWidth <= room) return;
    formula.classList.add("wide");
    reach(formula, "Formula");
  }

  function reach(box, name) {
    var scrolls = box.scrollWidth > box.clientWidth;
    box.classList.toggle("scrolls", scrolls);
    if (!scrolls) return;
    box.tabIndex = 0;
    if (box.tagName === "TABLE") return; // it has a role
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", name + ", scrolls sideways");
  }

  // Bit by bit, for to measure a formula lays it out (light.css): the reader never waits for it.
  var soon = window.requestIdleCallback || window.setTimeout;
  var todo = [];

  function some() {
    var end = performance.now() + 8;
    while (todo.length && performance.now() < end) todo.shift()();
    if (todo.length) soon(some);
    else document.documentElement.dataset.fitted = "";
  }

  function fit() {
    var busy = todo.length > 0;
    todo = [];
    document.querySelectorAll("article mjx-container:not([display])").forEach(function (formula) {
      todo.push(widen.bind(null, formula));
    });
    Object.keys(boxes).forEach(function (selector) {
      document.querySelectorAll("article :is(" + selector + ")").forEach(function (box) {
        todo.push(reach.bind(null, box, boxes[selector]));
      });
    });
    delete document.documentElement.dataset.fitted;
    if (!busy) soon(some);
  }

  // Chinese is written without spaces. What was typed is taken apart into words of the index, the
  // longest first, so that a compound finds the terms it is made of.
  function words(run) {
    if (!/^\p{Script=Han}+$/u.test(run)) return [run];
    for (var size = run.length; size > 1; size--) {
      for (var start = 0; start + size <= run.length; start++) {
        var word = run.slice(start, start + size);
        if (Object.hasOwn(Search._index.terms, word)) {
          var before = start ? words(run.slice(0, start)) : [];
          var after = start + size < run.length ? words(run.slice(start + size)) : [];
          return before.concat(word, after);
        }
      }
    }
    return [];
  }

  // A hit in the glossary says which of its terms it is.
  function named(results) {
    var entries = Object.entries(Search._index.indexentries);
    results.forEach(function (result) {
      if (!result[2].startsWith("#term-")) return;
      var entry = entries.find(function (pair) {
        return pair[1].some(function (place) { return "#" + place[1] === result[2]; });
      });
      result[3] = entry && entry[0];
    });
    return results;
  }

  // "Lojasiewicz" finds "Łojasiewicz", and the other way round: what is typed, the words of the
  // index and its names are compared without accents and strokes.
  var strokes = { Ł: "L", ł: "l", Ø: "O", ø: "o", Đ: "D", đ: "d", ß: "ss", æ: "ae", œ: "oe" };

  function plain(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "")
      .replace(/[ŁłØøĐđßæœ]/g, function (letter) { return strokes[letter]; });
  }

  function fold(places) {
    Object.keys(places).forEach(function (word) {
      var name = plain(word);
      if (name === word) return;
      var there = Object.hasOwn(places, name) ? places[name] : [];
      places[name] = Array.from(new Set([].concat(places[word], there)));
    });
  }

  var folded;

  function foldIndex(index) {
    if (folded === index) return;
    folded = index;
    fold(index.terms);
    fold(index.titleterms);
    fold(index.indexentries);
  }

  if (typeof Search === "object") {
    // From a file system, a page may not read the others to quote from them.
    if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
    var split = window.splitQuery;
    var find = Search._performSearch;
    window.splitQuery = function (query) { return split(plain(query)).flatMap(words); };
    Search._performSearch = function (query, ...terms) {
      foldIndex(Search._index);
      return named(find.call(Search, plain(query), ...terms));
    };
  }

  mend(); // this script is deferred: the page is parsed
  window.addEventListener("load", fit);
  window.addEventListener("resize", fit);
  // What was folded had no size. The switch opens many parts: they are fitted once.
  var unfolded;
  document.addEventListener("toggle", function (event) {
    if (!event.target.open) return;
    delete document.documentElement.dataset.fitted;
    clearTimeout(unfolded);
    unfolded = setTimeout(fit, 50);
  }, true);
})();
