// A prediction answers: a wrong option says why it tempts, the right one opens what was measured.
(function () {
  function open(answer) {
    if (answer.classList.contains("toggle-hidden")) {
      answer.querySelector(".toggle-button").click();
    }
  }

  function words(choice, answer, letter) {
    if (letter === choice.dataset.answer) return ["Right: " + letter + "). The answer is open below."];
    var hint = answer.querySelector(".hint-" + letter);
    if (hint) return Array.from(hint.cloneNode(true).childNodes);
    return ["Not " + letter + "). Try another, or see what was measured."];
  }

  function say(choice, input) {
    var answer = choice.closest(".predict").nextElementSibling;
    var right = input.value === choice.dataset.answer;
    input.checked = true;
    choice.querySelectorAll(".option").forEach(function (option) {
      option.classList.toggle("right", right && option.contains(input));
      option.classList.toggle("wrong", !right && option.contains(input));
    });
    var said = choice.querySelector(".choice-said");
    said.replaceChildren.apply(said, words(choice, answer, input.value));
    choice.querySelector(".choice-show").hidden = right;
    if (right) open(answer);
  }

  document.querySelectorAll(".choice").forEach(function (choice) {
    var said = choice.querySelector(".choice-said");
    // The arrow keys only choose, and click with no button: then the button checks.
    choice.addEventListener("click", function (event) {
      var option = event.target.closest(".option");
      if (option && event.detail > 0 && !event.target.closest("a")) {
        say(choice, option.querySelector("input"));
      }
    });
    choice.querySelector(".choice-check").addEventListener("click", function () {
      var input = choice.querySelector("input:checked");
      if (input) say(choice, input);
      else said.textContent = "Choose one first.";
    });
    choice.querySelector(".choice-show").addEventListener("click", function () {
      open(choice.closest(".predict").nextElementSibling);
    });
  });
})();
