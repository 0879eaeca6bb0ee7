"""QTI 1.2: a zip with a manifest and one assessment, as Canvas, Blackboard, Sakai and others import it.

Comes in: a quiz. Goes out: `Export`.

A literal example of what is in the zip: `imsmanifest.xml`, which names `assessment.xml`, which holds

    <item ident="i3f0c52a1b7d9" title="01 燈塔由誰設計？"> … <varequal respident="response1">o2 …

Source: IMS Question & Test Interoperability 1.2.1, ASI XML binding; IMS Content Packaging 1.1.3; `question_type` as
Canvas writes it. Texts are `text/html` with everything escaped, since importers differ in what they do to `text/plain`.
"""

from __future__ import annotations

import hashlib
import html
import io
import xml.etree.ElementTree as ElementTree
import zipfile
from xml.etree.ElementTree import Element, SubElement

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export
from qgkd.exports.labels import feedback_of, label, question_name, typed_answers
from qgkd.question_forms import Language, QuestionForm, QuizItem

_QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_TYPES = {
    QuestionForm.SHORT_ANSWER: "short_answer_question",
    QuestionForm.CLOZE: "short_answer_question",
    QuestionForm.MULTIPLE_CHOICE: "multiple_choice_question",
    QuestionForm.TRUE_FALSE: "true_false_question",
}
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""Fixed, so that one quiz always gives the same bytes."""


def write_qti(quiz: ExportedQuiz) -> Export:
    """Write the package; cloze items are short answers with the blank in the text."""
    name = quiz.title or "Quiz"
    parts = "\0".join([name, *(item.item_id for item in quiz.items)])
    identifier = "q" + hashlib.sha256(parts.encode("utf-8", "replace")).hexdigest()[:16]
    root = Element("questestinterop", xmlns=_QTI)
    assessment = SubElement(root, "assessment", ident=identifier, title=name)
    section = SubElement(assessment, "section", ident="root_section")
    for number, item in enumerate(quiz.items, start=1):
        _write_item(section, number, item, quiz)
    handle = io.BytesIO()
    with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as package:
        for path, element in (("imsmanifest.xml", _manifest(identifier)), ("assessment.xml", root)):
            content = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
            package.writestr(zipfile.ZipInfo(path, _ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return Export(content=handle.getvalue(), notices=quiz.notices)


def _manifest(identifier: str) -> Element:
    manifest = Element("manifest", xmlns=_PACKAGE, identifier=f"m{identifier}")
    metadata = SubElement(manifest, "metadata")
    SubElement(metadata, "schema").text = "IMS Content"
    SubElement(metadata, "schemaversion").text = "1.1.3"
    SubElement(manifest, "organizations")
    resources = SubElement(manifest, "resources")
    resource = SubElement(
        resources, "resource", identifier=f"r{identifier}", type="imsqti_xmlv1p2", href="assessment.xml"
    )
    SubElement(resource, "file", href="assessment.xml")
    return manifest


def _write_item(section: Element, number: int, item: QuizItem, quiz: ExportedQuiz) -> None:
    # The number makes it unique also where two items have one id.
    element = SubElement(section, "item", ident=f"i{number}_{item.item_id}", title=question_name(number, item))
    metadata = SubElement(SubElement(element, "itemmetadata"), "qtimetadata")
    for name, value in (("question_type", _TYPES[item.form]), ("points_possible", str(quiz.points))):
        field = SubElement(metadata, "qtimetadatafield")
        SubElement(field, "fieldlabel").text = name
        SubElement(field, "fieldentry").text = value
    presentation = SubElement(element, "presentation")
    _text(presentation, item.prompt)
    right = _write_choices(presentation, item, quiz.language)
    processing = SubElement(element, "resprocessing")
    outcomes = SubElement(processing, "outcomes")
    SubElement(outcomes, "decvar", maxvalue="100", minvalue="0", varname="SCORE", vartype="Decimal")
    if feedback := feedback_of(item, quiz.language):
        always = SubElement(processing, "respcondition", {"continue": "Yes"})
        SubElement(SubElement(always, "conditionvar"), "other")
        SubElement(always, "displayfeedback", feedbacktype="Response", linkrefid="general_fb")
        shown = SubElement(element, "itemfeedback", ident="general_fb")
        _text(SubElement(shown, "flow_mat"), feedback)
    for response in right:  # a condition each: two in one would both have to hold
        condition = SubElement(processing, "respcondition", {"continue": "No"})
        SubElement(SubElement(condition, "conditionvar"), "varequal", respident="response1").text = response
        SubElement(condition, "setvar", action="Set", varname="SCORE").text = "100"


def _write_choices(presentation: Element, item: QuizItem, language: Language) -> list[str]:
    """Write the choices or the blank; returns the right responses."""
    if item.form is QuestionForm.MULTIPLE_CHOICE:
        options, right = list(item.options), item.correct_index or 0
    elif item.form is QuestionForm.TRUE_FALSE:
        options, right = [_verdict(value, language) for value in (True, False)], 0 if item.is_true else 1
    else:
        response = SubElement(presentation, "response_str", ident="response1", rcardinality="Single")
        SubElement(SubElement(response, "render_fib"), "response_label", ident="answer1", rshuffle="No")
        return typed_answers(item)
    response = SubElement(presentation, "response_lid", ident="response1", rcardinality="Single")
    choices = SubElement(response, "render_choice")
    for index, option in enumerate(options, start=1):
        _text(SubElement(choices, "response_label", ident=f"o{index}"), option)
    return [f"o{right + 1}"]


def _verdict(value: bool, language: Language) -> str:
    """對 True: Canvas recognises a true/false question by the English word, others show the text."""
    return " ".join(dict.fromkeys([label("true" if value else "false", language), str(value)]))


def _text(parent: Element, text: str) -> None:
    material = SubElement(parent, "material")
    SubElement(material, "mattext", texttype="text/html").text = html.escape(text, quote=False).replace("\n", "<br/>")
