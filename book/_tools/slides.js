// Arrow keys, space, Page Up and Page Down turn the slides; N shows and hides the notes. What is
// higher than the window, or than a printed page, is made smaller.
(function () {
  var slides = Array.prototype.slice.call(document.querySelectorAll(".slide"));
  var turns = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

  var paper = 167 / 297; // height to width of a page in slides.css
  var smallest = 50; // per cent: below it nobody reads, and the slide is longer instead

  function fit(height) {
    slides.forEach(function (slide) {
      for (var size = 100; size >= smallest; size -= 5) {
        slide.style.setProperty("--fit", size / 100);
        if (slide.offsetHeight <= height) return;
      }
    });
  }

  function fitWindow() {
    fit(window.innerHeight);
  }

  function current() {
    var tops = slides.map(function (slide) { return Math.abs(slide.getBoundingClientRect().top); });
    return tops.indexOf(Math.min.apply(null, tops));
  }

  function go(number) {
    slides[Math.max(0, Math.min(slides.length - 1, number))].scrollIntoView();
  }

  function toggleNotes() {
    var shown = current();
    document.body.classList.toggle("with-notes");
    fitWindow();
    go(shown);
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in turns) go(current() + turns[event.key]);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(slides.length - 1);
    else if (event.key === "n" || event.key === "N") toggleNotes();
    else return;
    event.preventDefault();
  });
  window.addEventListener("resize", fitWindow);
  window.addEventListener("beforeprint", function () { fit(window.innerWidth * paper); });
  window.addEventListener("afterprint", fitWindow);
  window.addEventListener("load", function () { document.fonts.ready.then(fitWindow); });
})();
