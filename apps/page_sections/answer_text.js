// Draws the text in segments and tells the server what was clicked or selected.
// data.segments: [text, start, kind, state]; state: "" plain, "on", "off", "own"; start counts characters of the text.
// For the keyboard the text is one stop: arrows, Home and End move between its answers.

const characters = (text) => Array.from(text).length;
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };

function place(root, node, offset) {
  // Where a point of the selection is, in characters of the text.
  const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
  const segment = element.closest("[data-start]");
  if (!segment || !root.contains(segment)) return null;
  const start = Number(segment.dataset.start);
  if (node.nodeType === Node.TEXT_NODE) return start + characters(node.data.slice(0, offset));
  return start + (offset ? characters(segment.textContent) : 0);
}

function stopAt(answers, chosen) {
  // The one answer that the Tab key comes to.
  for (const answer of answers) answer.tabIndex = answer === chosen ? 0 : -1;
}

function move(answers, from, step) {
  const to = answers[Math.max(0, Math.min(answers.length - 1, answers.indexOf(from) + step))];
  stopAt(answers, to);
  to.focus();
}

function draw(root, component) {
  const { data, setTriggerValue } = component;
  const hadFocus = root.contains(document.activeElement) && document.activeElement.dataset.start !== undefined;
  const stop = root.querySelector('.qg-answer[tabindex="0"]');
  const before = stop ? Number(stop.dataset.start) : -1;
  const text = document.createElement("div");
  text.className = "qg-text";
  text.setAttribute("role", "group");
  text.setAttribute("aria-label", data.words.text);
  const answers = [];
  for (const [content, start, kind, state] of data.segments) {
    const span = document.createElement("span");
    span.textContent = content;
    span.dataset.start = start;
    if (state) {
      span.className = `qg-answer qg-${state} qg-type-${kind}`;
      span.title = state === "own" ? data.words.added : data.words[kind];
      span.setAttribute("role", "checkbox");
      span.setAttribute("aria-checked", state === "off" ? "false" : "true");
      const toggle = () => setTriggerValue("toggle", { start, end: start + characters(content) });
      span.onclick = () => { if (document.getSelection().isCollapsed) toggle(); };
      span.onfocus = () => stopAt(answers, span);
      span.onkeydown = (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === " " || event.key === "Enter") toggle();
        else if (event.key in STEPS) move(answers, span, STEPS[event.key]);
        else return;
        event.preventDefault();
      };
      answers.push(span);
    }
    text.append(span);
  }
  // An answer that is gone leaves the stop to the next one.
  const again = answers.find((answer) => Number(answer.dataset.start) >= before) || answers[answers.length - 1];
  stopAt(answers, again);
  if (!answers.length) text.tabIndex = 0; // a long text still has to be scrolled
  const bar = document.createElement("div");
  bar.className = "qg-bar";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = data.words.add;
  button.hidden = true;
  let chosen = null;
  button.onclick = () => {
    if (chosen) setTriggerValue("add", chosen);
    document.getSelection().removeAllRanges();
  };
  bar.append(button);
  root.replaceChildren(text, bar);
  if (hadFocus && again) again.focus({ preventScroll: true });
  return () => {
    const selection = document.getSelection();
    let found = null;
    if (selection.rangeCount && !selection.isCollapsed) {
      const range = selection.getRangeAt(0);
      const start = place(text, range.startContainer, range.startOffset);
      const end = place(text, range.endContainer, range.endOffset);
      if (start !== null && end !== null && end > start) found = { start, end };
    }
    if (!found && document.activeElement === button) return;
    chosen = found;
    button.hidden = !found;
  };
}

export default function (component) {
  const root = component.parentElement.querySelector(".qg-answer-text");
  const look = draw(root, component);
  document.addEventListener("selectionchange", look);
  return () => document.removeEventListener("selectionchange", look);
}
