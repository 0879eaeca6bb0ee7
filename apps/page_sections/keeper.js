// Keeps what is being typed in this browser until the server has it, and the name of the last quiz; sends what is pasted.
const LAST = "qgkd.last";
const LONGEST = 400000;
const PASTED = 40; // characters that come at once and are not typed: a paste that names itself otherwise, dictation

function store(change) {
  try { change(window.localStorage); } catch { /* a browser that keeps nothing */ }
}

const bare = (text) => text.replace(/[\s\0]+/g, "");

function draftKey() {
  return `qgkd.draft.${new URLSearchParams(window.location.search).get("quiz") || "new"}`;
}

function isPasted(event) {
  const { inputType, data } = event;
  return inputType === "insertFromPaste" || inputType === "insertFromDrop" || (data || "").length >= PASTED;
}

function send(box) {
  // As a visitor would: Streamlit sends a text box on Control and Enter.
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }));
}

export default function (component) {
  const { data, setTriggerValue } = component;
  document.documentElement.lang = data.language;
  store((kept) => {
    if (data.token) {
      kept.setItem(LAST, data.token);
    } else if (!window.qgkdAskedLast && kept.getItem(LAST)) {
      window.qgkdAskedLast = true;
      setTriggerValue("last", kept.getItem(LAST));
    }
    for (const key of new Set([draftKey(), "qgkd.draft.new"])) {
      const draft = kept.getItem(key);
      if (draft === null) continue;
      if (bare(draft) === bare(data.text)) kept.removeItem(key);
      else if (!window.qgkdAskedDraft) setTriggerValue("draft", draft);
    }
    window.qgkdAskedDraft = true;
  });
  const typed = (event) => {
    if (!event.target.closest || !event.target.closest(`.${data.box}`)) return;
    const text = event.target.value;
    store((kept) => (text && text.length < LONGEST ? kept.setItem(draftKey(), text) : kept.removeItem(draftKey())));
    if (isPasted(event)) setTimeout(send, 0, event.target);
  };
  document.addEventListener("input", typed, true);
  return () => document.removeEventListener("input", typed, true);
}
