"""A Google Forms quiz as a script that a teacher pastes into Google Apps Script: no account of ours, no network.

Comes in: a quiz. Goes out: `Export`.

A literal example of a question in the script:

    {"title": "燈塔由誰設計？", "points": 5, "accepted": ["林文海", "工程師林文海"], "feedback": "答案：林文海"}

The script makes the form with choices, points and explanations. A form of Google's knows no right answer of a text
field that a script could set, so the script also marks typed answers when a pupil sends the form.
Source: Google, Apps Script reference, `FormApp`, `Form.submitGrades`, `ItemResponse.setScore`.
"""

from __future__ import annotations

import json
from typing import Any

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export
from qgkd.exports.labels import feedback_of, label, typed_answers
from qgkd.question_forms import Language, Notice, QuestionForm, QuizItem

_HOW_TO = {
    Language.TRADITIONAL: (
        "1. 打開 https://script.google.com ，按「新專案」。",
        "2. 把這個檔案的全部內容貼進去，取代原有的內容，然後儲存。",
        "3. 上方選 createQuiz，按「執行」，並允許存取自己的表單。",
        "4. 測驗的網址會出現在「執行記錄」；學生送出後，填寫的答案會自動批改。",
    ),
    Language.SIMPLIFIED: (
        "1. 打开 https://script.google.com ，点“新建项目”。",
        "2. 把这个文件的全部内容粘贴进去，替换原有的内容，然后保存。",
        "3. 上方选 createQuiz，点“运行”，并允许访问自己的表单。",
        "4. 测验的网址会出现在“执行日志”；学生提交后，填写的答案会自动批改。",
    ),
    Language.ENGLISH: (
        "1. Open https://script.google.com and press New project.",
        "2. Paste all of this file in place of what is there, and save.",
        "3. Choose createQuiz above, press Run, and allow access to your own forms.",
        "4. The addresses of the quiz are in the execution log; typed answers are marked when a pupil sends the form.",
    ),
}
_CODE = """
function createQuiz() {
  var form = FormApp.create(TITLE);
  form.setTitle(TITLE).setIsQuiz(true);
  PASSAGES.forEach(function (passage) {
    form.addSectionHeaderItem().setHelpText(passage);
  });
  var ids = QUESTIONS.map(function (question) {
    return question.choices ? addChoices(form, question) : addText(form, question);
  });
  PropertiesService.getScriptProperties().setProperty(form.getId(), JSON.stringify(ids));
  if (QUESTIONS.some(function (question) { return question.accepted; })) {
    ScriptApp.newTrigger("markTypedAnswers").forForm(form).onFormSubmit().create();
  }
  Logger.log(form.getEditUrl());
  Logger.log(form.getPublishedUrl());
}

function addChoices(form, question) {
  var item = form.addMultipleChoiceItem();
  item.setTitle(question.title).setPoints(question.points);
  item.setChoices(question.choices.map(function (choice, index) {
    return item.createChoice(choice, index === question.right);
  }));
  item.setFeedbackForCorrect(feedbackOf(question)).setFeedbackForIncorrect(feedbackOf(question));
  return item.getId();
}

function addText(form, question) {
  var item = form.addTextItem();
  item.setTitle(question.title).setPoints(question.points);
  item.setGeneralFeedback(feedbackOf(question));
  return item.getId();
}

function feedbackOf(question) {
  return FormApp.createFeedback().setText(question.feedback).build();
}

function markTypedAnswers(event) {
  var form = event.source, response = event.response;
  var ids = JSON.parse(PropertiesService.getScriptProperties().getProperty(form.getId()));
  response.getGradableItemResponses().forEach(function (given) {
    var question = QUESTIONS[ids.indexOf(given.getItem().getId())];
    if (question && question.accepted) {
      var isRight = question.accepted.map(comparable).indexOf(comparable(given.getResponse())) >= 0;
      given.setScore(isRight ? question.points : 0);
      response.withItemGrade(given);
    }
  });
  form.submitGrades([response]);
}

// Width, case and blanks do not count.
function comparable(text) {
  return String(text || "").normalize("NFKC").replace(/\\s+/g, "").toLowerCase();
}
"""


def write_google_forms(quiz: ExportedQuiz) -> Export:
    """Write the script; a line break within a choice becomes a space."""
    notices = list(quiz.notices)
    for number, item in enumerate(quiz.items, start=1):
        if any("\n" in option for option in item.options):
            notices.append(Notice.of("lines_joined", number=number))
    questions = ",\n".join(f"  {_json(_question(item, quiz))}" for item in quiz.items)
    head = "".join(f"// {line}\n" for line in _HOW_TO[quiz.language])
    data = (
        f"var TITLE = {_json(quiz.title or 'Quiz')};\nvar PASSAGES = {_json(list(quiz.settings.passages))};\n"
        f"var QUESTIONS = [\n{questions}\n];\n"
    )
    return Export(content=f"{head}\n{data}{_CODE}".encode(), notices=tuple(notices))


def _question(item: QuizItem, quiz: ExportedQuiz) -> dict[str, Any]:
    question: dict[str, Any] = {"title": item.prompt, "points": quiz.points}
    if item.form is QuestionForm.MULTIPLE_CHOICE:
        question |= {"choices": [" ".join(option.split()) for option in item.options], "right": item.correct_index}
    elif item.form is QuestionForm.TRUE_FALSE:
        verdicts = [label(verdict, quiz.language) for verdict in ("true", "false")]
        question |= {"choices": verdicts, "right": 0 if item.is_true else 1}
    else:
        question["accepted"] = typed_answers(item)
    return {**question, "feedback": feedback_of(item, quiz.language)}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
