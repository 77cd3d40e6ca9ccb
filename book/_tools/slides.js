// Arrow keys, space, Page Up and Page Down turn the slides; N shows and hides the notes.
(function () {
  var slides = Array.prototype.slice.call(document.querySelectorAll(".slide"));
  var turns = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

  function current() {
    var tops = slides.map(function (slide) { return Math.abs(slide.getBoundingClientRect().top); });
    return tops.indexOf(Math.min.apply(null, tops));
  }

  function go(number) {
    slides[Math.max(0, Math.min(slides.length - 1, number))].scrollIntoView();
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in turns) go(current() + turns[event.key]);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(slides.length - 1);
    else if (event.key === "n" || event.key === "N") document.body.classList.toggle("with-notes");
    else return;
    event.preventDefault();
  });
})();
