"""Say of a finished question whether a teacher would surely have to mend it.

Comes in: a question in either script, of the rule or a model, and its answer. Goes out: yes or no.

A literal example: `看見月光照進門裡，便起身去找誰？` is doubtful, as nobody says who got up;
`蘇軾看見月光照進門裡，便起身去找誰？` is not.

Used where a quiz proposes the answers itself: another answer is asked about instead. What a person asked for is never
held back.
"""

from __future__ import annotations

import re

from qgkd.answer import AnswerType
from qgkd.answers.heads import HEADS, find_head
from qgkd.rule.carried_subjects import readable
from qgkd.rule.clauses import clauses_of
from qgkd.rule.cleaning import without_leading_connective
from qgkd.rule.subjects import is_property, lacks_subject, leading_subject, says_when
from qgkd.text.script import to_traditional_aligned
from qgkd.text.word_lists import either, words_of
from qgkd.text.words import tag_words

_LONGEST_CHARS = 48
"""A pupil has to read a longer question twice."""
_ASKS = re.compile(r"誰|什麼|哪|幾|多少|何[時處人年者]|怎|為何")
_ASKS_OTHERWISE = re.compile(
    r"[嗎呢吗A-Za-z]|否|(.)[不沒]\1|有無|如何|甚麼|為啥|多[大長高久遠深重寬快]|請|簡述|說明|試[述說寫舉]|何|那[裡個一]|還是|[是為]$"
)
"""Other ways to ask; what has Latin letters is not judged, as it may ask in English."""
_SHORTEST_STATEMENT = 10
"""A statement with a question mark asks nothing; shorter ones may be titles, which are not judged."""
_ASKS_WHEN = re.compile(r"[在於到]?(?:多少|幾|何|哪)[^，]{0,4}[年月日歲天時後][，]")
_NOTHING_ELSE = re.compile(r"(?:在|於|到)?(?:誰|什麼|哪.{1,5})")
_STARTS_ASKING = re.compile(r"(?:[在於到從自由至]|直到|早在|有)?(?:誰|什麼|哪|幾|多少|何|為什麼|為何|怎)")
_NAMED_AFTER_RELATIVE = re.compile(
    r"(?![把將被由與向給以]).*(?:的[^，]*[是為](?:誰|什麼|哪)|的(?:誰|什麼|哪)|的[^，]+[是為有在])"
)
"""`設計燈塔的是誰`, `位於海邊的哪一座燈塔`: the subject comes after what is said of it."""
_ASKED_LAST = re.compile("的是(?:誰|什麼|哪)")
_PREDICATES_ALONE = re.compile(
    rf"(?:{either('naming verbs')})(?![，、])"
    r"|(?:原本|原來|本來|曾經?|已經?)?[是為](?![什了何])|[卻才又也並則便就](?![門列稱任])|總共|一共|從此"
    r"|.{2,3}[後時](?=[把將被在])|(?:有|位於|屬於|成為)(?!哪|誰|多少|幾|什麼)"
)
"""`是第一座燈塔`, `卻遭到羞辱`, `回國後把…`."""
_WHERE = re.compile("[在於到從](?:哪裡|何處|什麼地方)")
_ADVERBIAL = re.compile(
    rf"(?:{either('scene setters')}|為(?=[^什了])|經過|透過|通過|藉由|藉著|從(?!事|此|而)|自(?!己|行|然|由|動|稱|從)"
    rf"|在|於|當(?!選|時|地|年|代|局|中)|到)|.*(?:{either('ends of scenes')})[，；：]?$"
)
_NAMES_NOBODY = re.compile(
    rf"(?:{either('points back')})|[這那該此](?![裡後外時處次])|[^，和與、及]*[^，和與、及](?:兩人|二人|三人)"
)
_THIS_ONE = re.compile(r"，這(?![裡時樣])")
"""What was told before, and is not whole in the question: `折成銀兩，這項制度稱為什麼`."""
_POINTING = frozenset("他她它牠這那該此")
_NOT_POINTING = ("其他", "其餘", "其它", "其實", "其後", "其次", "彼此", "因此", "如此")
_STUCK = re.compile(r"(?<!為)(?:什麼(?!時候|時間|地方|樣)|誰|何人|哪一個人)")
_ASKED_IN_OTHER_WORDS = re.compile("(?:誰|什麼|哪[^，（(]{1,6})[（(]")
_GOVERNS = tuple("給對向跟和與由被是於在把從讓叫為")
_AFTER_QUOTATION = re.compile(r"[」』》〉](?:第?幾|多少)(?![年月日])")
_MEANS_NOBODY = re.compile("(?:誰|什麼)[也都]|(?:誰|什麼|哪一個人)[一二兩三四五]個?[字詞]")
"""誰也沒睡 says that nobody slept; 誰二字 is of a word."""
_FIRST_OF_LIST = re.compile(r"(?:誰|(?:什麼|哪)[^，、]{0,6})、")
_SPEECH = re.compile(r"[：:，][「『](?P<said>[^」』]*)")
_UNFINISHED = re.compile(
    r"(?:[和與及、：]|(?<!什麼)時候|(?<![何幾])時|之後|以後|之前|以前|期間|以來)$|，[」』]$"
    r"|(?<![在於是到自從至，])哪一年$|^[^，是為了過有]*的(?:哪一[^，是為了]*|誰|什麼)$"
)
_SAYS = re.compile(rf"(?<![傳小學假])(?:{either('verbs of saying')}|感嘆|寫道|說道)$")
_SAID_BY = re.compile(r"[由被所]")
_HOW_MANY = re.compile("多少|[^第]幾")
_TAKES_TIME = re.compile("[^，]*花了?(?:多少|幾)[^，]{1,3}$")
"""For what, nobody says."""
_EXAMPLE = re.compile("(?:例如|比如|譬如|像是)[^，]{0,4}(?:哪|什麼|誰)")
_BARE_REASON = re.compile("^[^，]{0,2}(?:因為|由於)什麼|(?:因為|由於|為了)什麼$")
_THERE_IS = re.compile("[常仍還只都也]?有")
_CLASS_ASKED = re.compile(r"哪一?[^一]")


def is_doubtful(question: str, answer_text: str = "") -> bool:
    """Whether a question lacks its subject, points at nothing, breaks off, or has its question word in a wrong place.

    False is no praise: only faults that the question's own words show are found.
    """
    text = to_traditional_aligned(question).rstrip("？? ")
    if not _ASKS.search(text):
        return len(text) >= _SHORTEST_STATEMENT and not _ASKS_OTHERWISE.search(text)
    clauses = clauses_of(text)
    return (
        len(text) > _LONGEST_CHARS
        or _NOTHING_ELSE.fullmatch(text) is not None
        or _has_no_subject(clauses)
        or _points_at_nothing(clauses)
        or _is_stuck(text)
        or _has_stray_bracket(text)
        or _breaks_off(text, clauses)
        or any(_ASKS.search(match["said"]) for match in _SPEECH.finditer(text) if len(match["said"]) > 10)
        or _asks_for_other_class(text, to_traditional_aligned(answer_text))
    )


def _has_stray_bracket(text: str) -> bool:
    """Whether a bracket has no other half, or gives the answer's other name away: `誰（Isaac Newton）`."""
    counts = [(text.count(one), text.count(other)) for one, other in ("（）", "()", "「」", "『』", "《》")]
    return any(one != other for one, other in counts) or _ASKED_IN_OTHER_WORDS.search(text) is not None


def _told(clauses: tuple[str, ...]) -> tuple[str, ...]:
    """The clauses without dates and the like at the beginning."""
    for position, clause in enumerate(clauses):
        asks_for_more = _ASKS.search(readable(clause)) is not None and not _ASKS_WHEN.fullmatch(clause)
        if _ASKS_WHEN.fullmatch(clause):
            continue
        acts = leading_subject(clause) and "以" in clause  # 陶德以「烏龍」的名稱，…
        if asks_for_more or acts or not says_when(readable(clause)) or is_property(clause):
            return clauses[position:]
    return ()


def _has_no_subject(clauses: tuple[str, ...]) -> bool:
    """Whether the first clause that tells something has no subject, nor the one after an adverbial clause."""
    for clause in _told(clauses):
        bare = without_leading_connective(clause)
        if _ASKED_LAST.search(bare):
            return False
        if is_property(bare) or _PREDICATES_ALONE.match(bare):
            return True
        if _place_first(bare):
            return True
        if (where := _WHERE.match(bare)) and lacks_subject(readable(bare[where.end() :])):
            return True
        if _ADVERBIAL.match(bare) and not _STARTS_ASKING.match(bare):
            continue
        has_one = _STARTS_ASKING.match(bare) is not None or _NAMED_AFTER_RELATIVE.match(bare) is not None
        return not has_one and lacks_subject(readable(bare))
    return False


_FROM_AND_DO = re.compile("從[^，裡中上起後]*[運搬移遷飛駛走航傳](?:到|至|往|行)")


def _place_first(clause: str) -> bool:
    """Whether a place and at once what was done there: `在城東|開墾荒地`."""
    words = tag_words(clause)[:3]
    tags = [word.tag[:1] for word in words]
    if len(words) == 3 and words[0].text in ("在", "於") and tags[1] in ("n", "s", "f") and tags[2] == "v":
        return True
    return clause.startswith("從") and _FROM_AND_DO.match(clause) is not None


def _points_at_nothing(clauses: tuple[str, ...]) -> bool:
    """Whether a pronoun of the first clause stands for what the question does not name."""
    if _THIS_ONE.search("".join(clauses)):
        return True
    for clause in _told(clauses)[:1]:
        bare = without_leading_connective(clause)
        if _NAMES_NOBODY.match(bare):
            return True
        has_noun = False
        for word in tag_words(bare):
            points = word.text[0] in _POINTING or (word.text[0] == "其" and not has_noun)
            if points and word.tag[:1] == "r" and word.text not in _NOT_POINTING:
                return True
            has_noun = has_noun or word.tag[:1] == "n"
    return False


def _is_stuck(text: str) -> bool:
    """Whether the question word stands directly behind a noun, as what it replaced was a name (`貨輪什麼擱淺`)."""
    if _AFTER_QUOTATION.search(text) or _FIRST_OF_LIST.search(text) or _MEANS_NOBODY.search(text):
        return True
    for match in _STUCK.finditer(text):
        if text[: match.start()].endswith(_GOVERNS):
            continue  # 寫信給誰
        before = [word for word in tag_words(text[: match.start()]) if word.end_char == match.start()]
        if before and before[0].tag[:1] in ("n", "m"):
            return True
    return False


def _breaks_off(text: str, clauses: tuple[str, ...]) -> bool:
    """Whether the last clause says nothing of its subject, or somebody says nothing, or nothing follows 為什麼."""
    last = clauses[-1]
    if _UNFINISHED.search(text) or (_SAYS.search(last) and not _SAID_BY.search(last)):
        return True
    if _BARE_REASON.search(text) or _TAKES_TIME.match(text) or _EXAMPLE.search(text):
        return True
    _, why, reason = last.partition("為什麼")
    if why and reason and (says_when(reason) or (text.startswith("為什麼") and _THERE_IS.match(reason))):
        return True
    if _HOW_MANY.search(text) is None and all(map(_says_nothing, clauses)):
        return True
    return not _ASKS.search(last) and _says_nothing(last)


def _says_nothing(clause: str) -> bool:
    """Whether a clause has neither a verb nor an adjective nor a property."""
    if not says_when(readable(clause)) or is_property(clause):
        return False
    verbs = words_of("verbs never in names") | words_of("verbs taken for nouns") | {"了"}  # 盛產
    return not any(word.tag[:1] in ("a", "i", "l", "z") or word.text in verbs for word in tag_words(clause))


def _asks_for_other_class(text: str, answer_text: str) -> bool:
    """Whether a place is asked for as what it is not (臺灣 is no 海灣)."""
    head = find_head(answer_text)
    if head is None or head.type is not AnswerType.PLACE or head.suffix != answer_text:
        return False  # known as a whole only: what a name ends in may have several words
    for match in _CLASS_ASKED.finditer(text):
        asked = next((HEADS[text[match.end() :][:n]] for n in (3, 2, 1) if text[match.end() :][:n] in HEADS), None)
        if asked is not None and asked.type is AnswerType.PLACE and asked.noun not in ("地方", "地區"):
            return not set(asked.noun) & set(head.noun)
    return False
