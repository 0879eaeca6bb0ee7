"""Exports read by programs of other people: Anki's own package, a GIFT parser, and Google's script run by node."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest

from qgkd.exports.export import ExportSettings
from qgkd.exports.formats import export_quiz, format_named
from qgkd.question_forms import BLANK, QuestionForm, QuizItem

SHORT = QuizItem(
    item_id="a",
    form=QuestionForm.SHORT_ANSWER,
    question="橋長 {約} 多少 = 公尺？\n~想一想~ <b>5 < 6</b> [sound:x.mp3] // :: #",
    answer="235公尺",
    accepted_answers=("235", "二百三十五公尺", "a=b~c#d"),
    source_sentence="橋長約235公尺。",
)
CLOZE = QuizItem(
    item_id="b",
    form=QuestionForm.CLOZE,
    question="",
    answer="《府城週報》",
    accepted_answers=("府城週報",),
    statement=f"牧師發行{BLANK}。",
)
CHOICE = QuizItem(
    item_id="c",
    form=QuestionForm.MULTIPLE_CHOICE,
    question="誰設計了橋？",
    answer="%50%林",
    options=("陳=1", "%50%林", "T", "王\n二"),
    correct_index=1,
)
JUDGED = QuizItem(
    item_id="d", form=QuestionForm.TRUE_FALSE, question="", answer="1867年", statement="錯。", is_true=False
)
ITEMS = [SHORT, CLOZE, CHOICE, JUDGED]
TITLE = "橋 & {海}"


def test_anki_imports_the_deck_and_updates_it(tmp_path: Path) -> None:
    pytest.importorskip("anki", reason="Anki's own package is not installed")
    from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest

    collection = Collection(str(tmp_path / "collection.anki2"))
    try:
        for items in (ITEMS, [*ITEMS[:-1], QuizItem(**{**_fields(JUDGED), "statement": "改。"})]):
            path = tmp_path / "quiz.apkg"
            path.write_bytes(export_quiz(items, TITLE, format_named("anki")).content)
            options = ImportAnkiPackageOptions()
            options.update_notes = 0  # if newer
            log = collection.import_anki_package(ImportAnkiPackageRequest(package_path=str(path), options=options)).log
            assert log.found_notes == len(items)
        notes = [collection.get_note(note_id) for note_id in collection.find_notes("")]
        assert len(notes) == len(ITEMS), "the second import added cards"
        assert {card.question() != card.answer() for note in notes for card in note.cards()} == {True}
        texts = [collection.media.strip(note.fields[0]) for note in notes]
        assert "[sound:x.mp3]" in _shown(texts[0])
        assert _shown(notes[0].fields[0]) == SHORT.question
        assert collection.decks.by_name("橋 &amp; {海}") is not None or collection.decks.by_name(TITLE) is not None
    finally:
        collection.close()


def _fields(item: QuizItem) -> dict[str, object]:
    return {name: getattr(item, name) for name in QuizItem.__dataclass_fields__}


def _shown(field: str) -> str:
    import html

    return html.unescape(field.replace("<br>", "\n"))


def test_a_gift_parser_of_others_reads_every_question() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parser = pytest.importorskip("pygiftparser.parser", reason="pygiftparser is not installed")
    content = export_quiz(ITEMS, TITLE, format_named("gift")).content.decode()
    questions = parser.parseFile(io.StringIO(content))
    short, cloze, choice, judged = questions
    assert all(question.valid and question.markup == "plain" for question in questions)
    assert _unescaped(short.text) == SHORT.question
    assert _unescaped(short.title).startswith("01 橋長 {約} 多少")
    assert [_unescaped(answer.answer) for answer in short.answers.answers] == [SHORT.answer, *SHORT.accepted_answers]
    assert all(answer.fraction == 100 for answer in short.answers.answers)
    assert _unescaped(short.generalFeedback) == "答案：235公尺\n出處：橋長約235公尺。"
    assert cloze.text == "牧師發行_____。"
    assert [answer.answer for answer in cloze.answers.answers] == ["《府城週報》", "府城週報"]
    options = [
        _unescaped(answer.answer.removeprefix("[plain]")).replace("\\n", "\n") for answer in choice.answers.answers
    ]
    assert options == list(CHOICE.options)
    assert [answer.fraction for answer in choice.answers.answers] == [0, 100, 0, 0]
    assert judged.answers.answer is False


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\\~=#{}:])", r"\1", text)


GOOGLE = """
const log = [], items = [], properties = {}, triggers = [];
function item(kind) {
  const made = {kind, getId: () => items.indexOf(made)};
  for (const name of ["Title", "Points", "Choices", "FeedbackForCorrect", "FeedbackForIncorrect", "GeneralFeedback",
                      "HelpText"])
    made["set" + name] = value => { made[name] = value; return made; };
  made.createChoice = (text, right) => ({text, right});
  items.push(made);
  return made;
}
const form = {
  setTitle: () => form, setIsQuiz: on => { form.isQuiz = on; return form; }, getId: () => "f",
  addMultipleChoiceItem: () => item("choice"), addTextItem: () => item("text"),
  addSectionHeaderItem: () => item("header"), getEditUrl: () => "edit", getPublishedUrl: () => "view",
  submitGrades: responses => { form.graded = responses; }
};
const FormApp = {
  create: title => { form.title = title; return form; },
  createFeedback: () => { const f = {setText: t => { f.text = t; return f; }, build: () => f.text}; return f; }
};
const PropertiesService = {getScriptProperties: () => ({
  setProperty: (key, value) => { properties[key] = value; }, getProperty: key => properties[key]})};
const ScriptApp = {
  newTrigger: name => ({forForm: () => ({onFormSubmit: () => ({create: () => triggers.push(name)})})})
};
const Logger = {log: text => log.push(text)};
"""
PLAY = """
createQuiz();
const scores = ANSWERS.map(typed => {
  const given = items.filter(each => each.kind === "text").map((each, index) => ({
    getItem: () => each, getResponse: () => typed[index], setScore: score => { each.score = score; }}));
  markTypedAnswers({source: form, response: {getGradableItemResponses: () => given, withItemGrade: () => {}}});
  return items.filter(each => each.kind === "text").map(each => each.score);
});
console.log(JSON.stringify({title: form.title, isQuiz: form.isQuiz, items, triggers, scores, graded: !!form.graded}));
"""


def test_google_runs_the_script_and_marks_typed_answers(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    settings = ExportSettings(points=5, passages=('課文 "一"。',))
    script = export_quiz(ITEMS, TITLE, format_named("google-forms"), settings=settings).content.decode()
    answers = [["235公尺", "府城週報"], [" ２３５ ", "府城日報"], ["", None], ["A = b~C#d", "《府城週報》"]]
    path = tmp_path / "quiz.js"
    path.write_text(f"{GOOGLE}\nconst ANSWERS = {json.dumps(answers)};\n{script}\n{PLAY}", "utf-8")
    ran = subprocess.run([node, str(path)], capture_output=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stderr
    made = json.loads(ran.stdout)
    assert (made["title"], made["isQuiz"], made["graded"]) == (TITLE, True, True)
    assert made["triggers"] == ["markTypedAnswers"]
    assert made["scores"] == [[5, 5], [5, 0], [0, 0], [5, 5]]
    header, short, cloze, choice, judged = made["items"]
    assert header["HelpText"] == '課文 "一"。'
    assert (short["Title"], short["Points"]) == (SHORT.question, 5)
    assert short["GeneralFeedback"] == "答案：235公尺\n出處：橋長約235公尺。"
    assert cloze["Title"] == CLOZE.statement
    assert choice["Choices"] == [
        {"text": text, "right": text == CHOICE.answer} for text in ("陳=1", "%50%林", "T", "王 二")
    ]
    assert [each["right"] for each in judged["Choices"]] == [False, True]


def test_google_has_no_trigger_where_nothing_is_typed() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = export_quiz([CHOICE], TITLE, format_named("google-forms")).content.decode()
    code = f"{GOOGLE}\n{script}\ncreateQuiz(); console.log(triggers.length);"
    assert subprocess.run([node, "-e", code], capture_output=True, text=True, check=True).stdout.strip() == "0"
