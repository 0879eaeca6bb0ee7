// Draws the text in segments and tells the server what was clicked or selected.
// data.segments: [text, start, kind, state]; state: "" plain, "on", "off", "own"; start counts characters of the text.

const characters = (text) => Array.from(text).length;

function place(root, node, offset) {
  // Where a point of the selection is, in characters of the text.
  const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
  const segment = element.closest("[data-start]");
  if (!segment || !root.contains(segment)) return null;
  const start = Number(segment.dataset.start);
  if (node.nodeType === Node.TEXT_NODE) return start + characters(node.data.slice(0, offset));
  return start + (offset ? characters(segment.textContent) : 0);
}

function draw(root, component) {
  const { data, setTriggerValue } = component;
  const focused = root.contains(document.activeElement) ? document.activeElement.dataset.start : null;
  const text = document.createElement("div");
  text.className = "qg-text";
  text.setAttribute("role", "group");
  text.setAttribute("aria-label", data.words.text);
  for (const [content, start, kind, state] of data.segments) {
    const span = document.createElement("span");
    span.textContent = content;
    span.dataset.start = start;
    if (state) {
      span.className = `qg-answer qg-${state} qg-type-${kind}`;
      span.title = state === "own" ? data.words.added : data.words[kind];
      span.tabIndex = 0;
      span.setAttribute("role", "checkbox");
      span.setAttribute("aria-checked", state === "off" ? "false" : "true");
      const toggle = () => setTriggerValue("toggle", { start, end: start + characters(content) });
      span.onclick = () => { if (document.getSelection().isCollapsed) toggle(); };
      span.onkeydown = (event) => {
        if (event.key === " " || event.key === "Enter") { event.preventDefault(); toggle(); }
      };
    }
    text.append(span);
  }
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
  if (focused !== null) {
    const again = root.querySelector(`.qg-answer[data-start="${CSS.escape(focused)}"]`);
    if (again) again.focus({ preventScroll: true });
  }
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
